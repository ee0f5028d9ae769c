#!/bin/sh
# Two alarms for each color of an app: its share of server errors, and its response time. May be repeated.
#   sh alarms.sh APP LOAD_BALANCER
# The target groups are APP-blue and APP-green. What the alarms are stands in alarms/*.json.
set -eu
app=${1:?the name of the app}
name=${2:?the name of its load balancer}
alarms=$(dirname "$0")/alarms

# Metrics know both by the end of their ARNs.
balancer=$(aws elbv2 describe-load-balancers --names "$name" --query 'LoadBalancers[0].LoadBalancerArn' --output text)
balancer=${balancer##*:loadbalancer/}
for color in blue green; do
  group=$(aws elbv2 describe-target-groups --names "$app-$color" --query 'TargetGroups[0].TargetGroupArn' --output text)
  group=${group##*:}
  for alarm in error-rate response-time; do
    filled=$(sed -e "s|{app}|$app|g; s|{color}|$color|g; s|{load-balancer}|$balancer|g; s|{target-group}|$group|g" "$alarms/$alarm.json")
    aws cloudwatch put-metric-alarm --cli-input-json "$filled"
    echo "$app-$color-$alarm"
  done
done
