#!/usr/bin/env python3
"""Run the vendor's own Device Defender agent and keep what it sends.

    agent.py collect DIR    sample this machine with the agent's collector; write the reports and facts.json
    agent.py answers DIR    hand the engine's answers in DIR to the agent's own callback

Nothing leaves the machine: the agent's MQTT client is replaced by one that only takes notes, and where the kernel
allows it everything runs in a network namespace of its own, with nothing in it but the loopback interface and the
sockets that this script opens. Then the reports hold no address of the machine and can be committed.

facts.json says of each report what the agent knew when it wrote it, read from its Python objects and not from the
encoded report, so that a reader of the reports can be checked against it.
"""

import contextlib
import ctypes
import fcntl
import io
import ipaddress
import json
import pathlib
import re
import socket
import struct
import sys
import time

import cbor
from AWSIoTDeviceDefenderAgentSDK import agent, collector, metrics

TEST_BYTES = 4096
THING = "conformance-thing"
TOLD = set()


# --- a network of one's own -----------------------------------------------------------------------------------------


def isolate():
    """Move into an empty network namespace with its loopback up. Returns whether that worked."""
    new_user, new_net = 0x10000000, 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(new_net) != 0 and libc.unshare(new_user | new_net) != 0:
        return False
    get_flags, set_flags, up = 0x8913, 0x8914, 0x1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(control, get_flags, request))[1]
        fcntl.ioctl(control, set_flags, struct.pack("16sH14x", b"lo", flags | up))
    return True


class Sockets:
    """Sockets to be found by the agent, closed together."""

    def __init__(self):
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def _open(self, family, kind):
        return self.stack.enter_context(socket.socket(family, kind))

    def listen(self, address, family=socket.AF_INET):
        listener = self._open(family, socket.SOCK_STREAM)
        if address == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((address, 0))
        listener.listen()
        return listener

    def bind_udp(self, address, family=socket.AF_INET):
        bound = self._open(family, socket.SOCK_DGRAM)
        bound.bind((address, 0))
        return bound

    def connect(self, listener, address, family=socket.AF_INET, source=None):
        client = self._open(family, socket.SOCK_STREAM)
        if source is not None:
            client.bind((source, 0))
        client.connect((address, listener.getsockname()[1]))
        server, _ = listener.accept()
        self.stack.enter_context(server)
        return client, server

    def open_every_kind(self):
        """IPv4, IPv6 and mapped; listening, bound and established."""
        loopback4 = self.listen("127.0.0.1")
        loopback6 = self.listen("::1", socket.AF_INET6)
        self.listen("0.0.0.0")
        both = self.listen("::", socket.AF_INET6)
        self.bind_udp("127.0.0.1")
        self.bind_udp("::1", socket.AF_INET6)
        self.connect(loopback6, "::1", socket.AF_INET6)
        self.connect(both, "127.0.0.1")
        self.connect(loopback4, "127.0.0.1", source="127.0.0.77")
        return self.connect(loopback4, "127.0.0.1")

    def open_many(self, count):
        """More listeners and connections than the agent's lists hold."""
        listeners = [self.listen("127.0.0.1") for _ in range(count)]
        for listener in listeners:
            self.connect(listener, "127.0.0.1")


def exchange(pair):
    """Send a known number of bytes, and wait until they are there."""
    sender, receiver = pair
    sender.sendall(b"x" * TEST_BYTES)
    received = 0
    while received < TEST_BYTES:
        received += len(receiver.recv(TEST_BYTES))


# --- what the agent knows and what it writes ------------------------------------------------------------------------


def facts_of(sample):
    """A sample's content in the words of the metrics, from the agent's own objects."""
    stats = {"bytes_in": None, "bytes_out": None, "packets_in": None, "packets_out": None}
    long_names = ["bytes_in", "bytes_out", "packets_in", "packets_out"]
    tags = [sample.t.bytes_in, sample.t.bytes_out, sample.t.packets_in, sample.t.packets_out]
    for name, tag in zip(long_names, tags):
        stats[name] = sample.network_stats.get(tag)
    destinations = set()
    for connection in sample.network_connections:
        host, _ = connection[sample.t.remote_addr].rsplit(":", 1)
        address = ipaddress.ip_address(host)
        destinations.add(str(getattr(address, "ipv4_mapped", None) or address))
    return {
        "report_id": sample._timestamp,
        "tcp_ports": sorted({entry["port"] for entry in sample.listening_tcp_ports}),
        "num_tcp_ports": len(sample.listening_tcp_ports),
        "udp_ports": sorted({entry["port"] for entry in sample.listening_udp_ports}),
        "num_udp_ports": len(sample.listening_udp_ports),
        "destinations": sorted(destinations),
        "num_connections": len(sample.network_connections),
        "cpu_usage": sample.cpu_metrics["number"] if sample.cpu_metrics else None,
        **stats,
    }


class Notes:
    """The folder under construction."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.reports = []

    def keep(self, name, sample, number, short, only=("json", "cbor")):
        """Write one sample in each format."""
        for kind in only:
            payload = sample.to_json_string().encode() if kind == "json" else sample.to_cbor()
            (self.folder / f"{name}.{kind}").write_bytes(payload)
        names = "short" if short else "long"
        report = {"name": name, "formats": list(only), "names": names, "sample": number, "facts": facts_of(sample)}
        self.reports.append(report)

    def write(self, **more):
        facts = {"agent": "AWSIoTDeviceDefenderAgentSDK 2.0.0", **more, "reports": self.reports}
        # Indented, but for lists of plain values: they stand on one line.
        text = json.dumps(facts, indent=1)
        text = re.sub(r"\[[^][{}]*\]", lambda plain: "[" + " ".join(plain[0][1:-1].split()) + "]", text)
        (self.folder / "facts.json").write_text(text + "\n")


def must(condition, claim):
    """A claim about the real agent that the documentation of the tests relies on."""
    if not condition:
        sys.exit(f"the agent no longer behaves as recorded: {claim}")
    if claim not in TOLD:
        print(f"  holds: {claim}")
        TOLD.add(claim)


def two_samples(pair, custom, same_second):
    """Two samples of one collector with traffic between them, in one second of the clock or in two."""
    while True:
        sampler = collector.Collector(short_metrics_names=False, use_custom_metrics=custom)
        first = sampler.collect_metrics()
        exchange(pair)
        if not same_second:
            time.sleep(1.1)
        second = sampler.collect_metrics()
        if same_second == (first._timestamp == second._timestamp):
            return first, second


def collect(folder):
    isolated = isolate()
    if not isolated:
        print("  note: no network namespace; the reports tell about this machine, do not commit them")
    notes = Notes(folder)

    with Sockets() as sockets:
        pair = sockets.open_every_kind()
        first, second = two_samples(pair, custom=True, same_second=False)
        must(second._timestamp > first._timestamp, "report ids are the seconds of the epoch")
        notes.keep("long-custom-1", first, 1, short=False)
        notes.keep("long-custom-2", second, 2, short=False)
        first, second = two_samples(pair, custom=False, same_second=True)
        notes.keep("long-1", first, 1, short=False)
        notes.keep("long-2", second, 2, short=False)
        ids = [json.loads(sample.to_json_string())["header"]["report_id"] for sample in (first, second)]
        must(ids[0] == ids[1], "samples within one second have equal report ids")
        must(
            first.network_stats == first.total_counts and second.network_stats["bytes_in"] >= TEST_BYTES,
            "the first sample carries cumulative counters, the second differences",
        )

        sampler = collector.Collector(short_metrics_names=True, use_custom_metrics=True)
        first = sampler.collect_metrics()
        notes.keep("short-custom-1", first, 1, short=True)
        must(
            '"pts":[{"port":' in first.to_json_string() and '"interface":' in first.to_json_string(),
            "short names keep `port` and `interface` long",
        )
        try:
            sampler.collect_metrics()
            second_short = "collected"
        except KeyError as error:
            second_short = repr(error)
        must(second_short == "KeyError('bi')", "a second sample with short names fails on its own counters")
        text = json.dumps(first.network_connections)
        must('"::1:' in text and '"[' not in text, "IPv6 peers are written without brackets")
        must('"li": null' in text, "a connection whose interface is unknown carries null")

    with Sockets() as sockets:
        sockets.open_many(60)
        sampler = collector.Collector(short_metrics_names=False, use_custom_metrics=False)
        sample = sampler.collect_metrics()
        notes.keep("many-1", sample, 1, short=False)
        report = json.loads(sample.to_json_string())
        ports = report["metrics"]["listening_tcp_ports"]
        must(len(ports["ports"]) == 50 and ports["total"] >= 60, "lists are cut to 50 beside the true total")

    if isolated:
        sampler = collector.Collector(short_metrics_names=False, use_custom_metrics=False)
        quiet = sampler.collect_metrics()
        notes.keep("quiet-1", quiet, 1, short=False, only=("json",))
        must(list(json.loads(quiet.to_json_string())["metrics"]) == ["network_stats"], "empty lists are left out")

    twice = metrics.Metrics()
    twice.add_listening_ports("TCP", [{"port": 80}, {"port": 80}])
    must(len(twice.listening_tcp_ports) == 2, "the same port and interface may be listed, and counted, twice")

    clock, metrics.time.time = metrics.time.time, iter([2000.9, 1000.1]).__next__
    must([metrics.Metrics()._timestamp for _ in range(2)] == [2000, 1000], "report ids follow the clock backwards too")
    metrics.time.time = clock

    notes.write(isolated=isolated, published=run_agent())


# --- the agent's own main loop, without its network -----------------------------------------------------------------


class Transport:
    """Stands where the agent's MQTT client stands, and writes down what would have been sent."""

    def __init__(self):
        self.published = []
        self.subscribed = []

    def client(self, *_arguments):
        return self

    def connect(self):
        pass

    def subscribe(self, topic, _callback):
        self.subscribed.append(topic)

    def publish(self, topic, payload):
        self.published.append((topic, payload))


class Enough(Exception):
    """Ends the agent's endless loop."""


def run_main(options, rounds=3):
    """The agent's `main` for some rounds. Returns its transport and the exception that ended it."""
    transport, slept = Transport(), []

    def sleep(_seconds):
        slept.append(_seconds)
        if len(slept) == rounds:
            raise Enough

    before = agent.IoTClientWrapper, agent.sleep, agent.io.init_logging, sys.argv
    agent.IoTClientWrapper, agent.sleep = transport.client, sleep
    agent.io.init_logging = lambda *_arguments: None  # it may be called once in a process, and this is a loop
    required = [word for flag in ("-e", "-r", "-c", "-k") for word in (flag, "none")]
    sys.argv = ["agent", *required, "-id", "client", "-t", THING, *options]
    try:
        agent.main()
    except (Enough, KeyError) as end:
        return transport, end
    finally:
        agent.IoTClientWrapper, agent.sleep, agent.io.init_logging, sys.argv = before
    raise AssertionError("the agent's loop has no end of its own")


def run_agent():
    for kind in ("json", "cbor"):
        transport, _ = run_main(["-f", kind])
        topic = f"$aws/things/{THING}/defender/metrics/{kind}"
        must(transport.subscribed == [f"{topic}/accepted", f"{topic}/rejected"], f"{kind} answers are subscribed to")
        must([t for t, _ in transport.published] == [topic] * 2, "of three samples the first is not published")
    short, end = run_main(["-f", "json", "-s"])
    must(isinstance(end, KeyError) and not short.published, "with short names it ends before it publishes anything")
    custom, _ = run_main(["-f", "json", "-cm"], rounds=2)
    must('"custom_metrics":{"cpu_usage":[{"number":' in custom.published[0][1], "its custom metric is cpu_usage")
    return {"rounds": 3, "long_names": 2, "short_names": 0}


def answers(folder):
    """The agent's callback on the engine's answers: JSON is printed; CBOR it cannot take, from anyone."""
    files = sorted(pathlib.Path(folder).glob("*.json")) + sorted(pathlib.Path(folder).glob("*.cbor"))
    if not files:
        sys.exit(f"no answers in {folder}")
    for file in files:
        kind = file.suffix[1:]
        payload = file.read_bytes()
        answer = json.loads(payload) if kind == "json" else cbor.loads(payload)
        status = answer["status"]
        must(status in ("ACCEPTED", "REJECTED") and answer["thingName"] == THING, f"every {kind} answer names its thing")
        topic = f"$aws/things/{THING}/defender/metrics/{kind}/{status.lower()}"
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                agent.custom_callback(topic, payload)
            must(kind == "json" and status in printed.getvalue(), "the agent's callback prints the answer")
        except UnicodeDecodeError:
            must(kind == "cbor", "the agent's callback takes any CBOR answer for text, and fails")


def main():
    match sys.argv[1:]:
        case ["collect", folder]:
            collect(folder)
        case ["answers", folder]:
            answers(folder)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
