"""Composite alarms, which moto can keep and not make, and types of alarms, which it does not ask for."""

from moto.cloudwatch.responses import CloudWatchResponse

from aws import around

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
TYPE_WHERE_NONE_IS_NAMED = "MetricAlarm"


def install():
    CloudWatchResponse.put_composite_alarm = CloudWatchResponse.put_metric_alarm
    around(CloudWatchResponse, "describe_alarms", _describe)


def _describe(describe, response):
    answer = describe(response)
    wanted = response._get_param("AlarmTypes") or [TYPE_WHERE_NONE_IS_NAMED]
    for kind in ("MetricAlarm", "CompositeAlarm"):
        if kind not in wanted:
            answer.result[f"{kind}s"] = []
    return answer
