# Two alarms for each color of an app: its share of server errors, and its response time.

variable "app" {
  type    = string
  default = "shop"
}

variable "load_balancer" {
  type        = string
  description = "aws_lb.NAME.arn_suffix"
}

variable "target_groups" {
  type        = map(string)
  description = "{ blue = aws_lb_target_group.BLUE.arn_suffix, green = aws_lb_target_group.GREEN.arn_suffix }"
}

locals {
  counts = {
    errors   = "HTTPCode_Target_5XX_Count"
    requests = "RequestCount"
  }
}

resource "aws_cloudwatch_metric_alarm" "error_rate" {
  for_each            = var.target_groups
  alarm_name          = "${var.app}-${each.key}-error-rate"
  alarm_description   = "More than 5 % of the requests to ${each.key} were answered with a server error"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0.05
  treat_missing_data  = "notBreaching"

  metric_query {
    id          = "rate"
    label       = "Share of server errors"
    expression  = "FILL(errors, 0) / requests"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.counts
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/ApplicationELB"
        metric_name = metric_query.value
        period      = 60
        stat        = "Sum"
        dimensions = {
          LoadBalancer = var.load_balancer
          TargetGroup  = each.value
        }
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "response_time" {
  for_each            = var.target_groups
  alarm_name          = "${var.app}-${each.key}-response-time"
  alarm_description   = "${each.key} takes more than a second to answer, on average"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  dimensions = {
    LoadBalancer = var.load_balancer
    TargetGroup  = each.value
  }
}
