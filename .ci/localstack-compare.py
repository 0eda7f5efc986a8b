"""Holds a queue's attributes (JSON on stdin) to what template.yaml says of it: TEMPLATE LOGICAL_ID."""

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
    """A template's value as a deployment to a stack `tributary` sees it."""
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
    """Numbers and booleans as SQS writes them, which says some as text."""
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return str(value)


def main(template, logical_id):
    with open(template, encoding="utf-8") as file:
        resources = yaml.load(file, Loader)["Resources"]
    found = json.load(sys.stdin)
    faults = 0
    for name, value in resources[logical_id]["Properties"].items():
        wanted = resolve(value, resources)
        if name == "QueueName":
            got = found["QueueArn"].rsplit(":", 1)[-1]
        elif isinstance(wanted, dict):
            got = as_text(json.loads(found.get(name, "null")))
        else:
            got = found.get(name)
        same = got == wanted
        faults += not same
        print(f"{logical_id}.{name}: {wanted}" if same else f"{logical_id}.{name}: {got}, not {wanted}")
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
