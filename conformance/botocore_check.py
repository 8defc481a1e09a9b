#!/usr/bin/env python3
"""Hold the engine's wire shapes against the service model and the serializer of the real client.

    botocore_check.py operations                  operations.csv names what the client calls, as it calls it
    botocore_check.py cases FILE                  write documents for the engine to read: right ones, and wrong ones
    botocore_check.py errors FILE                 write which exception each operation declares, with its HTTP status
    botocore_check.py written FILE                check what the engine wrote back
    botocore_check.py files OPERATION=FILE...     check request documents
    botocore_check.py scenarios FOLDER            check the documents that the scenarios in a folder refer to

A line of a cases file is {"operation", "direction", "case", "document"}, where `direction` is `in` or `out`; or it is
{"operation", "direction", "case", "pointer", "value"}: a request that the service refuses, made from the last document
before it by putting the value at the pointer, or by removing what stands there if there is no value. The engine writes
lines of the first form, with the documents as it understood them.
"""

import csv
import json
import pathlib
import sys
import tomllib
from urllib.parse import quote

import botocore.parsers
import botocore.serialize
import model

HERE = pathlib.Path(__file__).parent
PROTOCOL = "rest-json"


def load_operations():
    with open(HERE / "operations.csv", newline="") as file:
        return list(csv.DictReader(file))


def operations():
    wrong = 0
    for row in load_operations():
        if row["operation"] not in model.SERVICE.operation_names:
            print(f"{row['operation']}: the client has no such operation")
            wrong += 1
            continue
        http = model.operation(row["operation"]).http
        if (http["method"], http["requestUri"]) != (row["method"], row["uri"]):
            sent = f"{http['method']} {http['requestUri']}"
            print(f"{row['operation']}: {row['method']} {row['uri']}, the client sends {sent}")
            wrong += 1
    return wrong, len(load_operations()), "operations"


# --- cases ----------------------------------------------------------------------------------------------------------


def load_requests():
    """Requests that the service would take, by hand: what the model alone cannot know, such as which members exclude
    each other."""
    return json.loads((HERE / "requests.json").read_text())


def cases(path):
    requests, lines = load_requests(), []
    for row in load_operations():
        name = row["operation"]
        if row["room"] != "defender" and name not in requests:
            continue  # the engine has no wire type for it
        for direction in ("in", "out"):
            shape = model.shape_of(name, direction)
            if shape is not None and shape.members:
                # Every member at once: a test of spelling and types, not of sense.
                line = {"operation": name, "direction": direction, "case": "every member"}
                lines.append({**line, "document": model.example(shape)})
        told = set()
        for i, request in enumerate(requests.get(name, [])):
            shape = model.shape_of(name, "in")
            wrong = model.problems(shape, request) + [model.botocore_refuses(shape, request)]
            if wrong != [None]:
                sys.exit(f"requests.json, {name} {i}: {wrong}")
            line = {"operation": name, "direction": "in", "case": f"request {i}"}
            lines.append({**line, "document": request})
            for mutant in model.mutants(shape, request):
                what = f"{mutant.pointer or '/'} {mutant.what}"
                refused = model.refused(shape, mutant.apply(request))
                if refused and what not in told:
                    told.add(what)
                    value = {} if mutant.value is mutant.GONE else {"value": mutant.value}
                    lines.append({**line, "case": f"request {i}, {what}", "pointer": mutant.pointer, **value})
    with open(path, "w") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    return 0, len(lines), "cases written"


def errors(path):
    lines = ["operation,exception,status"]
    for row in load_operations():
        for shape in sorted(model.operation(row["operation"]).error_shapes, key=lambda shape: shape.name):
            lines.append(f"{row['operation']},{shape.name},{shape.metadata['error']['httpStatusCode']}")
    pathlib.Path(path).write_text("\n".join(lines) + "\n")
    return 0, len(lines) - 1, "declared errors written"


# --- what the engine wrote ------------------------------------------------------------------------------------------


def located(shape, where):
    return {n for n, member in shape.members.items() if member.serialization.get("location") == where}


def check_request(name, document):
    """The client's validator takes the request, and its serializer puts the same members into the body."""
    model_, shape = model.operation(name), model.shape_of(name, "in")
    found = model.problems(shape, document)
    refused = model.botocore_refuses(shape, document)
    if refused:
        found.append(refused)
    if found:
        return found
    serializer = botocore.serialize.create_serializer(PROTOCOL, include_validation=False)
    request = serializer.serialize_to_request(document, model_)
    elsewhere = located(shape, "uri") | located(shape, "querystring") | located(shape, "header")
    expected = {n: value for n, value in document.items() if n not in elsewhere}
    if "payload" in shape.serialization:  # one member is the whole body
        expected = document[shape.serialization["payload"]]
    body = json.loads(request["body"] or b"{}")
    if body != expected:
        found.append(f"the client's body is {json.dumps(body)}, the engine's {json.dumps(expected)}")
    missing = [n for n in located(shape, "uri") if quote(str(document[n]), safe="-._~") not in request["url_path"]]
    if missing:
        found.append(f"not in the path: {missing}")
    return found


def check_response(name, document):
    """The client's parser understands every member of the answer as it is meant."""
    shape = model.shape_of(name, "out")
    found = model.problems(shape, document)
    if found:
        return found
    parser = botocore.parsers.create_parser(PROTOCOL)
    reply = {"status_code": 200, "headers": {}, "body": json.dumps(document).encode()}
    parsed = parser.parse(reply, shape)
    parsed.pop("ResponseMetadata")
    expected = model.as_python(shape, document)
    if parsed != expected:
        found.append(f"the client reads {parsed}, the engine means {expected}")
    return found


def check(name, direction, document):
    return check_request(name, document) if direction == "in" else check_response(name, document)


def written(path):
    wrong = count = 0
    for line in pathlib.Path(path).read_text().splitlines():
        case = json.loads(line)
        count += 1
        for problem in check(case["operation"], case["direction"], case["document"]):
            print(f"{case['operation']} {case['direction']}, {case['case']}: {problem}")
            wrong += 1
    return wrong, count, "documents of the engine"


def files(pairs):
    wrong = 0
    for pair in pairs:
        name, _, path = pair.partition("=")
        if name not in model.SERVICE.operation_names:
            print(f"{pair}: the client has no operation {name}")
            wrong += 1
            continue
        for problem in check_request(name, json.loads(pathlib.Path(path).read_text())):
            print(f"{path}: {name}: {problem}")
            wrong += 1
    return wrong, len(pairs), "request documents"


def scenarios(folder):
    """The documents by the place that refers to them. A lenient scenario may hold what the service refuses."""
    pairs = set()
    for path in sorted(pathlib.Path(folder).rglob("*.toml")):
        scenario = tomllib.loads(path.read_text())
        audit = scenario.get("audit", {})
        documents = [("CreateSecurityProfile", profile.get("document")) for profile in scenario.get("profile", [])]
        documents += [("CreateMitigationAction", action) for action in scenario.get("mitigation-actions", [])]
        documents += [("CreateScheduledAudit", schedule) for schedule in audit.get("schedules", [])]
        documents += [("UpdateAccountAuditConfiguration", audit.get("configuration"))]
        inline = scenario.get("documents", {})
        for name, file in documents:
            if file is None or file in inline:
                continue
            if scenario.get("compatibility") == "lenient":
                print(f"  {path}: lenient, {file} not checked")
            else:
                pairs.add(f"{name}={path.parent / file}")
    return files(sorted(pairs))


def main():
    match sys.argv[1:]:
        case ["operations"]:
            wrong, count, what = operations()
        case ["cases", path]:
            wrong, count, what = cases(path)
        case ["errors", path]:
            wrong, count, what = errors(path)
        case ["written", path]:
            wrong, count, what = written(path)
        case ["files", *pairs]:
            wrong, count, what = files(pairs)
        case ["scenarios", folder]:
            wrong, count, what = scenarios(folder)
        case _:
            sys.exit(__doc__)
    print(f"  {count} {what}, {wrong} wrong")
    sys.exit(wrong > 0 or count == 0)


if __name__ == "__main__":
    main()
