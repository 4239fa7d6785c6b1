"""Reads Prometheus text from standard input with Prometheus' own client and prints what it holds as JSON:
families with type and help, and every sample as `name{label=value}`."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

families, samples = {}, {}
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.name not in families, f"{family.name} twice"
    families[family.name] = {"type": family.type, "help": family.documentation}
    for sample in family.samples:
        labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
        name = f"{sample.name}{{{labels}}}" if labels else sample.name
        assert name not in samples, f"{name} twice"
        samples[name] = sample.value
json.dump({"families": families, "samples": samples}, sys.stdout)
