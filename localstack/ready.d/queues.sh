#!/usr/bin/env bash
# Makes the queue and its dead-letter queue, with the attributes that template.yaml gives them; .ci/localstack
# compares. LocalStack runs this as soon as it is ready. Run again, it changes nothing.
set -euo pipefail

queue=tributary-enrich
dead_letters=tributary-enrich-dead
export AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-us-east-1}"
arn_prefix="arn:aws:sqs:$AWS_DEFAULT_REGION:000000000000"

# Attributes are set afterwards, since a queue that is there already is only found if none are asked for.
make_queue() {
    local name="$1" attributes="$2" url
    url=$(awslocal sqs create-queue --queue-name "$name" --query QueueUrl --output text)
    awslocal sqs set-queue-attributes --queue-url "$url" --attributes "$attributes"
    echo "queue $name: $url"
}

# First, since the queue's redrive policy names it. Both keep a message for as long as there is: fourteen days.
make_queue "$dead_letters" "$(cat <<JSON
{
    "MessageRetentionPeriod": "1209600",
    "SqsManagedSseEnabled": "true",
    "RedriveAllowPolicy": "{\"redrivePermission\":\"byQueue\",\"sourceQueueArns\":[\"$arn_prefix:$queue\"]}"
}
JSON
)"
# Hidden for six times the time limit of enrich.
make_queue "$queue" "$(cat <<JSON
{
    "MessageRetentionPeriod": "1209600",
    "ReceiveMessageWaitTimeSeconds": "20",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "360",
    "RedrivePolicy": "{\"deadLetterTargetArn\":\"$arn_prefix:$dead_letters\",\"maxReceiveCount\":5}"
}
JSON
)"
