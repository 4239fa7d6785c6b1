"""Socket activation, readiness, and a restart in which no request fails, each seen from outside.

RESTARTS and KEYS make the restart under load longer and the start heavier.
"""

import asyncio
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("LATCHKEY_BIN", str(ROOT / "target/release/latchkey"))
UNITS = ROOT / "packaging/systemd"
RESTARTS = int(os.environ.get("RESTARTS", "3"))
KEYS = int(os.environ.get("KEYS", "100000"))
CONNECTIONS = 64
# The bound for the longest wait, in seconds.
LONGEST = 3.0
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("LATCHKEY_")}


def listening():
    """A socket as systemd would open it."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", 0))
    made.listen(4096)
    return made


def serve(data, sockets=(), arguments=(), **environment):
    """Starts the server with these sockets as descriptors 3 and up, as systemd does."""

    def hand_over():
        moved = [os.dup(one.fileno()) for one in sockets]
        # Above all that is to be written over.
        moved = [os.dup2(fd, 100 + n) for n, fd in enumerate(moved)]
        for n, fd in enumerate(moved):
            os.dup2(fd, 3 + n)
            os.set_inheritable(3 + n, True)

    # The shell's own process becomes the server, so $$ is its number.
    handed = f"LISTEN_FDS={len(sockets)} LISTEN_PID=$$ " if sockets else ""
    command = f'{handed}exec "$0" serve --data-dir "$1" "${{@:2}}"'
    return subprocess.Popen(
        ["bash", "-c", command, BINARY, str(data), *arguments],
        env={**CLEAN, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        close_fds=False,
        preexec_fn=hand_over,
    )


def end(process, how=signal.SIGTERM):
    process.send_signal(how)
    out, err = process.communicate(timeout=15)
    return process.returncode, out, err


def verb(data, *arguments, given=""):
    done = subprocess.run(
        [BINARY, *arguments, "--data-dir", str(data)], input=given, env=CLEAN, capture_output=True, text=True, timeout=300
    )
    if done.returncode != 0:
        raise AssertionError(f"{arguments}: {done.stderr}")
    return done.stdout


def ask(address, path="/healthz"):
    with socket.create_connection(address, timeout=10) as stream:
        stream.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
        return stream.makefile("rb").read().decode()


class Systemd(unittest.TestCase):
    def setUp(self):
        self.data = Path(tempfile.mkdtemp(prefix="latchkey-systemd-"))
        self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)

    def test_systemd_socket_activate_starts_it_with_the_first_connection(self):
        with listening() as free:
            address = free.getsockname()
        place = f"127.0.0.1:{address[1]}"
        process = subprocess.Popen(
            ["systemd-socket-activate", "-l", place, BINARY, "serve", "--data-dir", str(self.data)],
            env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        try:
            for _ in range(100):
                try:
                    answer = ask(address)
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
            self.assertTrue(answer.startswith("HTTP/1.1 200 "), answer)
        finally:
            code, out, err = end(process)
        self.assertEqual(code, 0, err)
        self.assertIn(f" listens on {place};", out)
        self.assertNotIn("127.0.0.1:3000", out, "the default of listen is not opened beside it")

    def test_a_socket_in_the_file_system_stays_there(self):
        path = self.data / "gateway.sock"
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
            made.listen(16)
            process = serve(self.data / "data", [made])
            try:
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(str(path))
                    client.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
                    self.assertTrue(client.makefile("rb").read().startswith(b"HTTP/1.1 200 "))
            finally:
                end(process)
        self.assertTrue(path.exists(), "it is the service manager's")

    def test_sockets_go_where_the_settings_name_them(self):
        with listening() as pages, listening() as metrics:
            admin = "127.0.0.1:%d" % metrics.getsockname()[1]
            process = serve(self.data, [metrics, pages], ["--admin-listen", admin])
            try:
                self.assertIn("latchkey_uptime_seconds", ask(metrics.getsockname(), "/metrics"))
                self.assertIn(" 200 ", ask(pages.getsockname(), "/healthz").splitlines()[0])
                self.assertIn(" 404 ", ask(pages.getsockname(), "/metrics").splitlines()[0])
            finally:
                code, _, err = end(process)
            self.assertEqual(code, 0, err)

    def test_what_is_no_listening_stream_is_refused_by_name(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            process = serve(self.data, [datagrams])
            _, err = process.communicate(timeout=15)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("descriptor 3 was handed over (LISTEN_FDS)", err)
        self.assertEqual(list(self.data.iterdir()), [], "nothing is made")

    def test_the_manager_hears_when_it_is_ready_alive_and_stopping(self):
        path = str(self.data / "notify.sock")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(15)
            process = serve(
                self.data / "data", arguments=["--listen", "127.0.0.1:0"],
                NOTIFY_SOCKET=path, WATCHDOG_USEC="400000",
            )
            heard = []
            while not any("WATCHDOG=1" in one for one in heard):
                heard.append(manager.recv(4096).decode())
            self.assertIn("READY=1", heard[0])
            announced = process.stdout.readline()
            address = re.search(r"listens on 127\.0\.0\.1:(\d+)", announced)
            self.assertIn(" 200 ", ask(("127.0.0.1", int(address[1]))).splitlines()[0])
            begun = time.monotonic()
            beats = [manager.recv(4096).decode() for _ in range(5)]
            self.assertEqual({one.strip() for one in beats}, {"WATCHDOG=1"})
            self.assertLess(time.monotonic() - begun, 2.0, "twice in the manager's time")
            process.send_signal(signal.SIGTERM)
            while "STOPPING=1" not in (last := manager.recv(4096).decode()):
                self.assertEqual(last.strip(), "WATCHDOG=1")
            process.communicate(timeout=15)
            self.assertEqual(process.returncode, 0)

    def test_the_units_are_sound_and_closed(self):
        for unit, most in (("latchkey.service", 20), ("latchkey-backup.service", 10)):
            shown = subprocess.run(
                ["systemd-analyze", "security", "--offline=yes", f"--threshold={most}", str(UNITS / unit)],
                capture_output=True, text=True,
            )
            self.assertEqual(shown.returncode, 0, shown.stdout + shown.stderr)

    def test_the_command_line_of_the_backup_unit_backs_up(self):
        unit = (UNITS / "latchkey-backup.service").read_text()
        line = re.search(r"^ExecStart=/usr/bin/latchkey (.*)$", unit, re.MULTILINE)[1]
        backups = self.data / "backups"
        backups.mkdir()
        (self.data / "latchkey.toml").touch()
        end(self.started(serve(self.data / "data", arguments=["--listen", "127.0.0.1:0"])))
        places = {
            "/var/backups/latchkey": backups,
            "/etc/latchkey/latchkey.toml": self.data / "latchkey.toml",
            "/var/lib/latchkey": self.data / "data",
        }
        for place, here in places.items():
            self.assertIn(place, line)
            line = line.replace(place, str(here))
        subprocess.run([BINARY, *line.split()], env=CLEAN, check=True, capture_output=True)
        [made] = backups.iterdir()
        self.assertRegex(made.name, r"^\d{8}T\d{6}Z\.tar\.zst$")
        calendar = re.search(r"OnCalendar=(.*)", (UNITS / "latchkey-backup.timer").read_text())[1]
        subprocess.run(["systemd-analyze", "calendar", calendar], check=True, capture_output=True)

    def started(self, process):
        """A server that has announced itself."""
        process.stdout.readline()
        return process

    def test_no_request_fails_while_it_is_replaced(self):
        token = "load-%s" % ("x" * 40)
        files = self.write_keys(token)
        with listening() as made:
            process = serve(self.data, [made], LATCHKEY_MAX_KEYS="2000000")
            ask(made.getsockname())
            for file in files:
                verb(self.data, "import", str(file), "--create-users")
            answered, failed, waits = asyncio.run(self.load_and_restart(made, process, token))
            shown = json.loads(verb(self.data, "key", "show", "--token-from-stdin", "--json", given=token))
            end(self.process)
        print(
            f"{RESTARTS} restarts with {KEYS} keys: {answered} requests, longest wait {max(waits):.2f} s", flush=True
        )
        self.assertEqual(failed, [], "no request failed")
        self.assertLess(max(waits), LONGEST)
        self.assertEqual(shown["times_used"], answered, "each answer is counted once")

    def write_keys(self, token):
        """The key that is asked for and many others, as files that can be imported."""
        files = []
        for first in range(0, KEYS, 250_000):
            file = self.data / f"keys-{first}.csv"
            tokens = [token if n == 0 else f"another-{n}" for n in range(first, min(KEYS, first + 250_000))]
            digests = [hashlib.sha256(one.encode()).hexdigest() for one in tokens]
            rows = [f"demo,key {first + n},cloud,{digest}" for n, digest in enumerate(digests)]
            file.write_text("\n".join(["username,description,key_type,token_sha256", *rows]) + "\n")
            files.append(file)
        return files

    async def load_and_restart(self, made, process, token):
        stop, failed, waits = asyncio.Event(), [], []
        request = (
            f"GET /authz/forward-auth HTTP/1.1\r\nhost: x\r\nx-api-key: {token}\r\n"
            "x-forwarded-for: 203.0.113.7\r\nconnection: close\r\n\r\n"
        ).encode()

        async def ask_on():
            while not stop.is_set():
                begun = time.monotonic()
                try:
                    reader, writer = await asyncio.open_connection(*made.getsockname())
                    writer.write(request)
                    answer = await reader.read()
                    writer.close()
                    if not answer.startswith(b"HTTP/1.1 200 "):
                        failed.append(answer[:100])
                except OSError as error:
                    failed.append(repr(error))
                waits.append(time.monotonic() - begun)

        asking = [asyncio.create_task(ask_on()) for _ in range(CONNECTIONS)]
        self.process = process
        for _ in range(RESTARTS):
            await asyncio.sleep(1)
            code, _, err = await asyncio.to_thread(end, self.process)
            self.assertEqual(code, 0, err)
            self.process = serve(self.data, [made], LATCHKEY_MAX_KEYS="2000000")
            announced = await asyncio.to_thread(self.process.stdout.readline)
            self.assertIn(" listens on ", announced)
        await asyncio.sleep(2)
        stop.set()
        await asyncio.gather(*asking)
        return len(waits), failed, waits


if __name__ == "__main__":
    unittest.main()
