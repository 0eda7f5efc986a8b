"""Compares a queue's attributes (JSON on stdin) with those in template.yaml. Arguments: TEMPLATE LOGICAL_ID."""

import json
import sys

import yaml

PSEUDO = {
    "AWS::StackName": "tributary",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "000000000000",
}


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as {tag: value}."""


def short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix: value}


Loader.add_multi_constructor("!", short_form)


def resolve(value, resources):
    """Resolves a template's value for a deployment to a stack `tributary`."""
    if isinstance(value, list):
        return [resolve(item, resources) for item in value]
    if not isinstance(value, dict):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if list(value) == ["Sub"]:
        text = value["Sub"]
        for name, replacement in PSEUDO.items():
            text = text.replace("${" + name + "}", replacement)
        return text
    if list(value) == ["GetAtt"]:
        logical_id, attribute = value["GetAtt"].split(".")
        assert attribute == "Arn", value
        name = resolve(resources[logical_id]["Properties"]["QueueName"], resources)
        return f"arn:aws:sqs:us-east-1:000000000000:{name}"
    return {key: resolve(item, resources) for key, item in value.items()}


def as_text(value):
    """Converts numbers and booleans to text, as SQS writes some of them."""
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return str(value)


def main(template, logical_id):
    with open(template, encoding="utf-8") as file:
        resources = yaml.load(file, Loader)["Resources"]
    found = json.load(sys.stdin)
    differences = 0
    for name, value in resources[logical_id]["Properties"].items():
        expected = resolve(value, resources)
        if name == "QueueName":
            actual = found["QueueArn"].rsplit(":", 1)[-1]
        elif isinstance(expected, dict):
            actual = as_text(json.loads(found.get(name, "null")))
        else:
            actual = found.get(name)
        same = actual == expected
        differences += not same
        print(f"{logical_id}.{name}: {expected}" if same else f"{logical_id}.{name}: {actual}, expected {expected}")
    return min(differences, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
