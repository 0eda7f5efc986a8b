"""Called by .ci/deploy: starts the emulator, deploys, and uses the deployment as its clients would.

docs/deploy.md lists what the emulator lacks.
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import boto3
import psycopg2
import yaml

STACK = "tributary"
WORK = pathlib.Path(os.environ["WORK"])
TIMEOUT_S = 180


def main():
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    os.environ["AWS_ENDPOINT_URL"] = endpoint
    database_url = empty_database(os.environ["DATABASE_URL"], "deployed")
    with tempfile.TemporaryDirectory(prefix="tributary-ministack-") as scratch:
        emulator = start_emulator(port, scratch)
        try:
            eventually("the emulator is ready", lambda: is_ready(emulator))
            deploy(database_url)
            system = System(endpoint, database_url)
            system.has_every_migration()
            system.serves_every_path_with_and_without_slash()
            system.processes_a_batch_to_its_report()
            system.moves_an_unreadable_message_to_the_dead_letters()
            system.relay_runs()
            system.checks_hold()
            deploy(database_url, "LogLevel=debug")
            system.has_the_new_configuration()
            system.processes_a_batch_to_its_report()
            undeploy()
            system.data_outlives_the_stack()
        except BaseException:
            print((WORK / "emulator.log").read_text()[-8000:], file=sys.stderr)
            raise
        finally:
            end(emulator)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def empty_database(server_url, name):
    """Creates a database without a schema on the same server; the deployment migrates it."""
    connection = psycopg2.connect(server_url)
    connection.autocommit = True
    connection.cursor().execute(f"create database {name}")
    connection.close()
    return server_url.rsplit("/", 1)[0] + "/" + name


def start_emulator(port, scratch):
    log = (WORK / "emulator.log").open("w")
    environment = os.environ | {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "TMPDIR": scratch,
        "S3_DATA_DIR": f"{scratch}/s3",
        # Would use a fixed port.
        "IOT_MTLS_ENABLED": "0",
    }
    environment.pop("DATABASE_URL")
    return subprocess.Popen(
        [WORK / "venv/bin/ministack"], env=environment, stdout=log, stderr=subprocess.STDOUT
    )


def end(emulator):
    emulator.terminate()
    try:
        emulator.wait(timeout=30)
    except subprocess.TimeoutExpired:
        emulator.kill()
        emulator.wait()


def is_ready(emulator):
    """Whether it is ready. Fails if its process has ended."""
    assert emulator.poll() is None, f"the emulator ended with status {emulator.returncode}"
    return get_status(os.environ["AWS_ENDPOINT_URL"] + "/_ministack/health")


def deploy(database_url, *overrides):
    parameters = [
        "Architecture=x86_64",
        "Monitoring=basic",
        "EnrichConcurrency=0",
        "AlarmEmail=operator@example.com",
        f"DatabaseUrl={database_url}",
        *overrides,
    ]
    log = WORK / "sam.log"
    deployed = subprocess.run(
        [
            os.environ["SAM"], "deploy", "--config-file", pathlib.Path("samconfig.toml").resolve(),
            "--config-env", "local", "--template-file",
            pathlib.Path(os.environ["BUILD"]) / "template.yaml", "--stack-name", STACK,
            "--parameter-overrides", *parameters,
        ],
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )
    assert deployed.returncode == 0, log.read_text()
    import_gateway_responses()
    print_line(f"deployed: the stack{''.join(f' with {override}' for override in overrides)}")


def import_gateway_responses():
    """Creates the template's gateway responses, as API Gateway does when it imports an API."""
    api = load_template()["Resources"]["Api"]["Properties"]
    stack = boto3.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
    api_id = next(found["PhysicalResourceId"] for found in stack if found["LogicalResourceId"] == "Api")
    gateway = boto3.client("apigateway")
    for name, response in api["GatewayResponses"].items():
        headers = response["ResponseParameters"]["Headers"]
        gateway.put_gateway_response(
            restApiId=api_id,
            responseType=name,
            statusCode=str(response["StatusCode"]),
            responseParameters={f"gatewayresponse.header.{name}": value for name, value in headers.items()},
            responseTemplates=response["ResponseTemplates"],
        )
    gateway.create_deployment(restApiId=api_id, stageName=api["StageName"])


def load_template():
    """The deployed template, with CloudFormation's tags as plain text."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda loader, tag, node: f"!{tag}")
    return yaml.load((pathlib.Path(os.environ["BUILD"]) / "template.yaml").read_text(), Loader)


def undeploy():
    cloudformation = boto3.client("cloudformation")
    cloudformation.delete_stack(StackName=STACK)

    def gone():
        stacks = cloudformation.list_stacks()["StackSummaries"]
        state = next(stack["StackStatus"] for stack in stacks if stack["StackName"] == STACK)
        assert state != "DELETE_FAILED", state
        return state == "DELETE_COMPLETE"

    eventually("the stack is gone", gone)
    print_line("deleted: the stack")


class System:
    """A deployed Tributary, as its clients see it."""

    def __init__(self, endpoint, database_url):
        self.database_url = database_url
        stack = boto3.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        api_id = self.outputs["ApiUrl"].split("//")[1].split(".")[0]
        self.url = f"{endpoint}/restapis/{api_id}/live/_user_request_"
        self.lambda_ = boto3.client("lambda")
        self.sqs = boto3.client("sqs")
        self.key = None
        self.batches = 0

    def has_every_migration(self):
        connection = psycopg2.connect(self.database_url)
        cursor = connection.cursor()
        cursor.execute("select count(*) from _sqlx_migrations where success")
        (applied,) = cursor.fetchone()
        connection.close()
        expected = len(list(pathlib.Path("migrations").glob("*.sql")))
        assert applied == expected, f"{applied} of {expected} migrations"
        print_line(f"migrated by the custom resource: {applied} migrations")

    def serves_every_path_with_and_without_slash(self):
        self.key = self.admin("keys_create", tenant="deployed", name="ci", scopes=["ingest", "report"])["key"]
        report_only = self.admin("keys_create", tenant="deployed", name="reader", scopes=["report"])["key"]
        for slash in ("", "/"):
            status, response, _ = self.call("GET", f"/api/health{slash}")
            assert (status, response) == (200, {"status": "ok", "database": "ok", "queue": "ok"}), (status, response)
            status, response, _ = self.call("GET", f"/api/openapi.json{slash}")
            assert status == 200 and response["info"]["title"] == "Tributary", (status, response)
            for method, path in (
                ("POST", "/api/integrations/transactions"),
                ("GET", "/api/batches/one"),
                ("POST", "/api/batches/one/retry"),
                ("GET", "/api/accounts/one/transactions"),
                ("GET", "/api/reports/account/one/summary"),
            ):
                body = {} if method == "POST" else None
                rejected = self.call(method, path + slash, body)
                problem("unauthorized", 401, rejected)
                assert rejected[2]["WWW-Authenticate"] == "Bearer", rejected
                for header in ({"Authorization": f"Bearer {self.key}"}, {"X-API-Key": self.key}):
                    status, response, _ = self.call(method, path + slash, body, header)
                    assert status in (404, 422), (method, path, status, response)
            denied = self.call("POST", f"/api/batches/one/retry{slash}", {}, {"X-API-Key": report_only})
            assert denied[0] == 403 and denied[1]["detail"] == "The API key does not allow this call.", denied
            for path in ("/api/keys", "/api/credential"):
                problem("unauthorized", 401, self.call("GET", path + slash))
        self.manages_keys()
        self.serves_the_console()
        problem("not-found", 404, self.call("GET", "/api/nothing"))
        problem("not-found", 404, self.call("DELETE", "/api/health"))
        problem("unauthorized", 401, self.call("GET", "/api/batches/one", None, {"X-API-Key": "trb_unknown"}))
        print_line("served: every path with and without a slash, and the gateway's own 401, 403 and 404")

    def manages_keys(self):
        admin = {"X-API-Key": self.admin("keys_create", tenant="deployed", name="admin", scopes=["admin"])["key"]}
        status, created, _ = self.call("POST", "/api/keys", {"name": "new", "scopes": ["report"]}, admin)
        assert status == 201, (status, created)
        own = {"X-API-Key": created["api_key"]}
        status, credential, _ = self.call("GET", "/api/credential", None, own)
        assert (status, credential["scopes"]) == (200, ["report"]), (status, credential)
        status, listed, _ = self.call("GET", "/api/keys", None, admin)
        assert status == 200 and listed["keys"][0]["prefix"] == created["prefix"], (status, listed)
        assert self.call("DELETE", f"/api/keys/{created['prefix']}", None, admin)[0] == 204
        problem("unauthorized", 401, self.call("GET", "/api/credential", None, own))
        print_line("keys: created, listed, revoked")

    def serves_the_console(self):
        for page, files in (
            ("/console", ("/console/app.js", "/console/console.css")),
            ("/api/docs", ("/api/docs/docs.js", "/api/docs/swagger-ui-bundle.js")),
        ):
            for path in (page, *files):
                status, text, headers = self.fetch(path)
                assert status == 200 and text and "default-src 'none'" in headers["Content-Security-Policy"], (path, status)
        print_line("served: the console and the documentation")

    def processes_a_batch_to_its_report(self):
        self.batches += 1
        account, correlation_id = f"acc-{self.batches}", f"deployed-{self.batches}"
        transactions = [
            {
                "transaction_id": f"{account}-tx-{number}", "account_id": account,
                "amount": "-10.25", "iso_currency_code": "USD", "date": "2025-10-30T08:00:00Z",
                "name": "AMZN Mktp US*2K4", "merchant_name": "Amazon",
            }
            for number in range(25)
        ]
        body = {
            "accounts": [{"account_id": account, "name": "Checking", "type": "depository"}],
            "transactions": transactions, "total_transactions": len(transactions),
        }
        headers = {"Authorization": f"Bearer {self.key}", "X-Correlation-ID": correlation_id}
        status, batch, answered = self.call("POST", "/api/integrations/transactions/", body, headers)
        assert status == 202 and batch["inserted"] == 25, (status, batch)
        assert answered["X-Correlation-ID"] == correlation_id, answered

        def enriched():
            status, batch_now, _ = self.call("GET", f"/api/batches/{batch['batch_id']}", None, headers)
            return status == 200 and batch_now["processing_status"]["completed"] == 25

        eventually("the batch is enriched from the queue", enriched)
        period = "start_date=2025-10-01&end_date=2025-10-31"
        path = f"/api/reports/account/{account}/summary/?{period}"
        status, summary, _ = self.call("GET", path, None, headers)
        assert status == 200, (status, summary)
        assert summary["metrics"] == {
            "total_transactions": 25, "total_spend": 256.25, "total_income": 0.0, "net": -256.25
        }, summary
        print_line(f"reported: {json.dumps(summary['metrics'])}, top {summary['top_categories'][0]['category']}")

    def moves_an_unreadable_message_to_the_dead_letters(self):
        queue, dead_letters = self.outputs["QueueUrl"], self.outputs["DeadLetterQueueUrl"]
        # With the deployed timeout it would take five times six minutes.
        self.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
        self.sqs.send_message(QueueUrl=queue, MessageBody="poison")

        def dead():
            name = "ApproximateNumberOfMessages"
            attributes = self.sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=[name])
            return attributes["Attributes"][name] == "1"

        eventually("the message is a dead letter", dead)
        letters = self.admin("dlq_list", limit=10)
        assert [letter["body"] for letter in letters["letters"]] == ["poison"], letters
        print_line(f"dead letter after {letters['letters'][0]['receive_count']} receives, listed by admin")

    def relay_runs(self):
        name = self.function("Relay")
        response = self.lambda_.invoke(FunctionName=f"{name}:live", Payload=b"{}")
        done = json.load(response["Payload"])
        assert "FunctionError" not in response and done["sent"] == 0, done
        schedules = boto3.client("scheduler").list_schedules()["Schedules"]
        assert [schedule["State"] for schedule in schedules] == ["ENABLED"], schedules
        print_line(f"relayed: {json.dumps(done)}")

    def checks_hold(self):
        checks = self.admin("check", settled=True, grace_s=0)["checks"]
        broken = [check for check in checks if check["broken"]]
        assert checks and not broken, broken
        print_line(f"checked: {len(checks)} rules hold")

    def has_the_new_configuration(self):
        configuration = self.lambda_.get_function_configuration(FunctionName=self.function("Ingest"))
        variables = configuration["Environment"]["Variables"]
        assert variables["RUST_LOG"] == "debug", variables
        print_line("updated: the functions' configuration")

    def data_outlives_the_stack(self):
        connection = psycopg2.connect(self.database_url)
        cursor = connection.cursor()
        cursor.execute("select count(*) from transactions")
        (count,) = cursor.fetchone()
        connection.close()
        assert count == 50, count
        print_line(f"kept: {count} transactions")

    def function(self, name):
        resources = boto3.client("cloudformation").describe_stack_resources(StackName=STACK)
        return next(
            resource["PhysicalResourceId"]
            for resource in resources["StackResources"]
            if resource["LogicalResourceId"] == f"{name}Function"
        )

    def admin(self, operation, **fields):
        event = json.dumps({"operation": operation, **fields}).encode()
        response = self.lambda_.invoke(FunctionName=self.outputs["AdminFunctionName"], Payload=event)
        payload = json.load(response["Payload"])
        assert "FunctionError" not in response, (operation, payload)
        return payload

    def call(self, method, path, body=None, headers=None):
        """Status, JSON and headers of a response."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                text = response.read()
                return response.status, json.loads(text) if text else None, response.headers
        except urllib.error.HTTPError as error:
            return error.code, json.load(error), error.headers

    def fetch(self, path):
        """Status, text and headers of a page."""
        with urllib.request.urlopen(self.url + path, timeout=60) as response:
            return response.status, response.read().decode(), response.headers


def problem(name, status, response):
    found, body, headers = response
    assert found == status and body["status"] == status, response
    assert body["type"] == f"urn:tributary:problem:{name}", response
    assert headers["Content-Type"] == "application/problem+json", dict(headers)
    assert headers["X-Correlation-ID"] == body["correlation_id"], (dict(headers), body)


def get_status(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


def eventually(what, holds):
    deadline = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline, f"not within {TIMEOUT_S} s: {what}"
        time.sleep(0.5)


def print_line(line):
    print(line, flush=True)


if __name__ == "__main__":
    main()
