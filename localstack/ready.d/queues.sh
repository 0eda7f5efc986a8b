#!/usr/bin/env bash
# Creates the queue and its dead-letter queue with the attributes of template.yaml; .ci/localstack compares them.
# LocalStack runs this script when it is ready. A second run changes nothing.
set -euo pipefail

queue=tributary-enrich
dead_letters=tributary-enrich-dead
export AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-us-east-1}"
arn_prefix="arn:aws:sqs:$AWS_DEFAULT_REGION:000000000000"

# Attributes are set in a second call: create-queue finds an existing queue only if no other attributes are given.
create_queue() {
    local name="$1" attributes="$2" url
    url=$(awslocal sqs create-queue --queue-name "$name" --query QueueUrl --output text)
    awslocal sqs set-queue-attributes --queue-url "$url" --attributes "$attributes"
    echo "queue $name: $url"
}

# First, since the queue's redrive policy names it. Both keep messages for fourteen days, the maximum.
create_queue "$dead_letters" "$(cat <<JSON
{
    "MessageRetentionPeriod": "1209600",
    "SqsManagedSseEnabled": "true",
    "RedriveAllowPolicy": "{\"redrivePermission\":\"byQueue\",\"sourceQueueArns\":[\"$arn_prefix:$queue\"]}"
}
JSON
)"
# The visibility timeout is six times the timeout of enrich.
create_queue "$queue" "$(cat <<JSON
{
    "MessageRetentionPeriod": "1209600",
    "ReceiveMessageWaitTimeSeconds": "20",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "360",
    "RedrivePolicy": "{\"deadLetterTargetArn\":\"$arn_prefix:$dead_letters\",\"maxReceiveCount\":20}"
}
JSON
)"
