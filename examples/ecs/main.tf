# The app as the workflows find it: two ECS services behind one listener. Applied once, and whenever something of it changes but
# the release, its number of tasks and the live color: those are the action's.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.81" }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "vpc_id" {
  type = string
}

variable "public_subnets" {
  type        = list(string)
  description = "Of the load balancer, in two availability zones at least"
}

variable "private_subnets" {
  type        = list(string)
  description = "Of the tasks: with a way to ECR and CloudWatch, by NAT or endpoints"
}

variable "certificate_arn" {
  type        = string
  description = "Of shop.example.com, in ACM"
}

variable "first_image" {
  type        = string
  description = "What blue runs until the first deployment"
}

locals {
  colors = toset(["blue", "green"])
  port   = 8080
}

resource "aws_ecr_repository" "shop" {
  name = "shop"
}

resource "aws_cloudwatch_log_group" "shop" {
  for_each          = local.colors
  name              = "/ecs/shop-${each.key}"
  retention_in_days = 30
}

# What the two colors run

resource "aws_ecs_cluster" "shop" {
  name = "shop"
}

resource "aws_ecs_task_definition" "shop" {
  for_each                 = local.colors
  family                   = "shop-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions = jsonencode([{
    name         = "shop"
    image        = var.first_image
    essential    = true
    portMappings = [{ containerPort = local.port }]
    # A release takes its task definition from the live color. What differs by the name of the color alone stays with its color.
    environment = [{ name = "COLOR", value = each.key }]
    # Longer than the app takes to end its requests.
    stopTimeout = 60
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = "/ecs/shop-${each.key}"
        awslogs-region        = "eu-central-1"
        awslogs-stream-prefix = "ecs"
      }
    }
  }])
}

resource "aws_ecs_service" "shop" {
  for_each        = local.colors
  name            = "shop-${each.key}"
  cluster         = aws_ecs_cluster.shop.id
  task_definition = aws_ecs_task_definition.shop[each.key].arn
  launch_type     = "FARGATE"
  desired_count   = each.key == "blue" ? 2 : 0

  # Longer than the app takes to start: ECS stops tasks that are unhealthy after it.
  health_check_grace_period_seconds = 60

  network_configuration {
    subnets         = var.private_subnets
    security_groups = [aws_security_group.tasks.id]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.shop[each.key].arn
    container_name   = "shop"
    container_port   = local.port
  }

  # ECS gives up a deployment whose tasks keep failing, and the action ends its wait.
  deployment_circuit_breaker {
    enable   = true
    rollback = false
  }

  # Otherwise the next `terraform apply` would put the first release back, and start or stop tasks of the wrong color.
  lifecycle {
    ignore_changes = [task_definition, desired_count]
  }

  # AWS takes a service only when a listener names its target group.
  depends_on = [aws_lb_listener.https, aws_lb_listener_rule.color]
}

# What leads to them

resource "aws_lb" "shop" {
  name            = "shop"
  subnets         = var.public_subnets
  security_groups = [aws_security_group.balancer.id]
}

resource "aws_lb_target_group" "shop" {
  for_each    = local.colors
  name        = "shop-${each.key}"
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = local.port
  # How long requests of the color that was left may take to end.
  deregistration_delay = 60

  health_check {
    path                = "/health"
    interval            = 5
    timeout             = 2
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.shop.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  # Both are named, one with weight 0, so that AWS checks the health of both.
  default_action {
    type = "forward"
    forward {
      dynamic "target_group" {
        for_each = local.colors
        content {
          arn    = aws_lb_target_group.shop[target_group.key].arn
          weight = target_group.key == "blue" ? 100 : 0
        }
      }
    }
  }

  # Otherwise the next `terraform apply` would send all users back to blue.
  lifecycle {
    ignore_changes = [default_action]
  }
}

# The way to a color, live or not, for whoever sends the header. These never change.
resource "aws_lb_listener_rule" "color" {
  for_each     = local.colors
  listener_arn = aws_lb_listener.https.arn
  priority     = each.key == "blue" ? 1 : 2

  condition {
    http_header {
      http_header_name = "x-shop-color"
      values           = [each.key]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.shop[each.key].arn
  }
}

resource "aws_security_group" "balancer" {
  name   = "shop-balancer"
  vpc_id = var.vpc_id

  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "tasks" {
  name   = "shop-tasks"
  vpc_id = var.vpc_id

  ingress {
    protocol        = "tcp"
    from_port       = local.port
    to_port         = local.port
    security_groups = [aws_security_group.balancer.id]
  }

  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

# For `gates`: two alarms for each color.
module "alarms" {
  source        = "./alarms"
  load_balancer = aws_lb.shop.arn_suffix
  target_groups = { for color, group in aws_lb_target_group.shop : color => group.arn_suffix }
}

# What tasks may do

locals {
  for_tasks = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role" "task" {
  name               = "shop-task"
  assume_role_policy = local.for_tasks
}

resource "aws_iam_role" "execution" {
  name               = "shop-execution"
  assume_role_policy = local.for_tasks
}

resource "aws_iam_role_policy_attachment" "execution" {
  role       = aws_iam_role.execution.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

# What the workflows may do. An account has one such provider: where it is there already, leave it out. Nothing here refers to it.

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "deploy" {
  name                 = "shop-deploy"
  assume_role_policy   = file("${path.module}/trust-policy.json")
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "deploy" {
  name   = "blue-green-shop"
  role   = aws_iam_role.deploy.id
  policy = file("${path.module}/policy.json")
}

# Pushes images, and deploys nothing.
resource "aws_iam_role" "build" {
  name               = "shop-build"
  assume_role_policy = replace(file("${path.module}/trust-policy.json"), "environment:production", "ref:refs/heads/main")
}

resource "aws_iam_role_policy_attachment" "build" {
  role       = aws_iam_role.build.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser"
}

output "listener_arn" {
  value = aws_lb_listener.https.arn
}
