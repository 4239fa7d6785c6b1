"""Litestream beside a server under load, both killed, and what is restored compared with what was answered.

ROUNDS makes it longer.
"""

import json
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("LATCHKEY_BIN", str(ROOT / "target/release/latchkey"))
LITESTREAM = os.environ.get("LITESTREAM", str(ROOT / ".tools/litestream/bin/litestream"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
# Litestream copies every second, and may be late on a busy machine.
LATE = 4.0
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("LATCHKEY_")}
TOKENS = [f"continuous-{n}-%s" % ("x" * 30) for n in range(3)]


def latchkey(data, *arguments, given="", code=0):
    done = subprocess.run(
        [BINARY, *arguments, "--data-dir", str(data)], input=given, env=CLEAN, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == code, (arguments, done)
    return done.stdout


def serve(data):
    process = subprocess.Popen(
        [BINARY, "serve", "--listen", "127.0.0.1:0", "--data-dir", str(data)],
        env=CLEAN, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    announced = process.stdout.readline()
    found = re.search(r"listens on 127\.0\.0\.1:(\d+)", announced)
    assert found, announced + process.communicate(timeout=30)[1]
    return process, ("127.0.0.1", int(found[1]))


def use(address, token):
    """The status of one use."""
    with socket.create_connection(address, timeout=10) as stream:
        head = f"GET /authz/forward-auth HTTP/1.1\r\nhost: x\r\nx-api-key: {token}\r\nx-forwarded-for: 203.0.113.7\r\n"
        stream.sendall(f"{head}connection: close\r\n\r\n".encode())
        return int(stream.makefile("rb").readline().split()[1])


class Litestream(unittest.TestCase):
    def setUp(self):
        self.base = Path(tempfile.mkdtemp(prefix="latchkey-litestream-"))
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)

    def config(self, data):
        """The configuration that the document has, for these directories."""
        blocks = re.findall(r"^    dbs:\n(?:    .*\n)+", (ROOT / "docs/backup.md").read_text(), re.MULTILINE)
        self.assertEqual(len(blocks), 1)
        text = re.sub("^    ", "", blocks[0], flags=re.MULTILINE)
        text = text.replace("/var/lib/latchkey", str(data)).replace("/mnt/copies", str(self.base / "copies"))
        file = self.base / "litestream.yml"
        file.write_text(text)
        return file

    def test_what_is_restored_is_what_was_told_but_for_the_last_seconds(self):
        first = self.base / "first"
        end, _ = serve(first)
        end.terminate()
        end.communicate(timeout=15)
        latchkey(first, "user", "add", "demo", "--password-stdin", given="correct horse battery")
        keys = "".join(f"demo,key {n},cloud,{token}\n" for n, token in enumerate(TOKENS))
        latchkey(first, "import", "-", given="username,description,key_type,token\n" + keys)
        for number in range(ROUNDS):
            with self.subTest(round=number):
                self.killed_and_restored(first, number)

    def killed_and_restored(self, first, number):
        data, restored = self.base / f"data{number}", self.base / f"restored{number}"
        shutil.copytree(first, data, ignore=shutil.ignore_patterns("*.sock"))
        shutil.rmtree(self.base / "copies", ignore_errors=True)
        config = self.config(data)
        server, address = serve(data)
        copier = subprocess.Popen(
            [LITESTREAM, "replicate", "-config", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        sent, answered, over = [[] for _ in TOKENS], [[] for _ in TOKENS], threading.Event()

        def go_on(which):
            while not over.is_set():
                sent[which].append(time.monotonic())
                try:
                    status = use(address, TOKENS[which])
                except (OSError, IndexError):
                    return
                self.assertEqual(status, 200)
                answered[which].append(time.monotonic())

        threads = [threading.Thread(target=go_on, args=[which]) for which in range(len(TOKENS))]
        for thread in threads:
            thread.start()
        time.sleep(random.uniform(LATE + 2, LATE + 5))
        killed = time.monotonic()
        server.kill()
        copier.kill()
        over.set()
        for process in (server, copier):
            process.wait()
        for thread in threads:
            thread.join()
        server.communicate()
        restored.mkdir(mode=0o700)
        for name in ("latchkey.db", "usage.db"):
            subprocess.run(
                [LITESTREAM, "restore", "-config", config, "-o", restored / name, data / name],
                check=True, capture_output=True,
            )
        shutil.copy(data / "secrets.toml", restored)
        self.compare(restored, sent, [[at for at in each if at < killed - LATE] for each in answered])

    def compare(self, restored, sent, due):
        done = subprocess.run([BINARY, "check", str(restored), "--json"], env=CLEAN, capture_output=True, text=True)
        self.assertIn(done.returncode, (0, 3), done.stderr)
        if done.returncode == 3:
            # The mark moved in the last second, and one of the copies has it.
            self.assertIn("are not of one backup", done.stderr)
            (restored / "accept-loss").touch()
        server, address = serve(restored)
        try:
            listed = json.loads(latchkey(restored, "key", "list", "--json"))["keys"]
            uses = {int(key["description"].split()[1]): key["times_used"] for key in listed}
            print(f"due {[len(each) for each in due]}, restored {uses}, sent {[len(each) for each in sent]}")
            for which, token in enumerate(TOKENS):
                self.assertGreater(len(due[which]), 0)
                self.assertLessEqual(len(due[which]), uses[which])
                self.assertLessEqual(uses[which], len(sent[which]))
                self.assertEqual(use(address, token), 200)
        finally:
            server.terminate()
            _, log = server.communicate(timeout=15)
        self.assertEqual(server.returncode, 0, log)
        report = json.loads(latchkey(restored, "check", "--json"))
        self.assertTrue(report["sound"], report)


if __name__ == "__main__":
    unittest.main()
