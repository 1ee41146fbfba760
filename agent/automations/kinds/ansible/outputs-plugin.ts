/** The module of the plugin, in the attempt's folder. */
export const outputsPluginFileName = 'farhand_outputs.py';

/** Variable with the names of the facts to tell, as a JSON list. */
export const factsVariable = 'FARHAND_ANSIBLE_FACTS';

/** Variable with the path of a file to make when no play found a host. */
export const nothingMatchedVariable = 'FARHAND_ANSIBLE_NOTHING_MATCHED';

/**
 * A callback plugin of Ansible (2.12 and later) that writes what happened to FARHAND_OUTPUTS, and how far it is to FARHAND_PROGRESS.
 * It takes everything from the results that Ansible shows its callbacks, in which `no_log` has been applied; the custom statistics
 * that Ansible sums up itself have not.
 */
export const outputsPluginText = String.raw`# Written by farhand for one job.
from __future__ import annotations

DOCUMENTATION = """
    name: farhand_outputs
    type: aggregate
    short_description: Tells farhand what happened
    description: Writes outputs and progress of one run to files.
"""

import json
import math
import os

from ansible.plugins.callback import CallbackBase
from ansible.utils.vars import merge_hash

MAX_BYTES = 1000000
MAX_FAILURES = 1000
MAX_MESSAGE = 2000
GATHERING = ("setup", "gather_facts")


def result_of(task_result):
    value = getattr(task_result, "result", None)
    return value if isinstance(value, dict) else task_result._result


def task_of(task_result):
    return getattr(task_result, "task", None) or task_result._task


def host_of(task_result):
    return str((getattr(task_result, "host", None) or task_result._host).get_name())


def plain(value):
    """A value that JSON has: anything else becomes text."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return str(value).encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {plain(str(key)): plain(item) for key, item in value.items() if str(key) != "__proto__"}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    return plain(str(value))


def cut(text, most):
    """At most so many characters, and no beginning of a secret at the end: the mask knows whole secrets only."""
    if len(text) <= most:
        return text
    text = text[:most]
    for name, value in os.environ.items():
        for secret in [value, *value.splitlines()] if name.startswith("FARHAND_SECRET_") else []:
            for length in range(min(len(secret), most), 2, -1):
                if text.endswith(secret[:length]):
                    text = text[:-length]
                    break
    return text


def size(value):
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8"))


def merge(into, name, value, aggregate):
    """As Ansible sums up its custom statistics."""
    if not aggregate or name not in into:
        into[name] = value
    elif isinstance(into[name], dict) and isinstance(value, dict):
        into[name] = merge_hash(into[name], value)
    elif type(into[name]) is type(value) and not isinstance(value, (dict, bool)) and value is not None:
        into[name] = into[name] + value


class Room:
    """What still fits into the outputs."""

    def __init__(self):
        self.left = MAX_BYTES - 4096

    def take(self, entries):
        """The entries that fit, and the count of those that do not."""
        taken = []
        for key, value in entries:
            needed = size(key) + size(value) + 4
            if needed > self.left:
                continue
            self.left -= needed
            taken.append((key, value))
        return taken, len(entries) - len(taken)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "farhand_outputs"
    CALLBACK_NEEDS_ENABLED = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.wanted = set(json.loads(os.environ.get("${factsVariable}", "[]")))
        self.facts = {}
        self.run_stats = {}
        self.host_stats = {}
        self.failures = []
        self.failures_seen = 0
        self.total = None
        self.begun = 0
        self.matched = 0
        self.plays = 0

    # progress

    def v2_playbook_on_start(self, playbook):
        try:
            self.total = sum(self.count(play) for play in playbook.get_plays())
        except Exception:
            self.total = None

    @staticmethod
    def count(play):
        """Tasks that are known before the run; included ones are not. In batches each comes more than once."""
        blocks = list(play.compile()) if not play.serial else None
        if blocks is None:
            raise ValueError("serial")
        gathers = 0 if play.gather_facts is False else 1

        def tasks(items):
            return sum(
                tasks(item.block) + tasks(item.always) if hasattr(item, "block") else 0 if item.action in ("meta", "ansible.builtin.meta") else 1
                for item in items
            )

        return gathers + tasks(blocks)

    def v2_playbook_on_play_start(self, play):
        self.plays += 1
        self.matched += 1

    def v2_playbook_on_no_hosts_matched(self):
        self.matched -= 1

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.progress(task)

    def v2_playbook_on_handler_task_start(self, task):
        self.progress(task, counts=False)

    def progress(self, task, counts=True):
        path = os.environ.get("FARHAND_PROGRESS")
        if counts:
            self.begun += 1
        if not path:
            return
        name = "" if task.no_log else str(task.get_name()).strip()
        line = {"message": cut(plain("task %d%s" % (self.begun, ": " + name if name else "")), 500)}
        if self.total and self.begun <= self.total:
            line["percent"] = min(99, (self.begun - 1) * 100 // self.total)
        try:
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            self._display.warning("farhand: the progress cannot be written: %s" % error)

    # results

    def v2_runner_on_ok(self, result):
        data = result_of(result)
        for item in data.get("results") or [data]:
            if isinstance(item, dict):
                self.keep_stats(result, item)
        self.keep_facts(result, data)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not ignore_errors:
            self.keep_failure(result)

    def v2_runner_on_unreachable(self, result):
        self.keep_failure(result)

    def keep_stats(self, result, item):
        stats = item.get("ansible_stats")
        if not isinstance(stats, dict) or not isinstance(stats.get("data"), dict):
            return
        into = self.host_stats.setdefault(host_of(result), {}) if stats.get("per_host") else self.run_stats
        for name, value in stats["data"].items():
            merge(into, plain(str(name)), plain(value), stats.get("aggregate"))

    def keep_facts(self, result, data):
        facts = data.get("ansible_facts")
        if not isinstance(facts, dict):
            return
        gathered = str(task_of(result).action).rpartition(".")[2] in GATHERING
        for key, value in facts.items():
            name = str(key)[8:] if str(key).startswith("ansible_") else str(key)
            if name in self.wanted or ("*" in self.wanted and gathered and name != "env"):
                self.facts.setdefault(host_of(result), {})[name] = plain(value)

    def keep_failure(self, result):
        self.failures_seen += 1
        if len(self.failures) >= MAX_FAILURES:
            return
        task, data = task_of(result), result_of(result)
        if "censored" in data or task.no_log:
            message = "hidden by no_log"
        else:
            parts = [str(data.get(key)).strip() for key in ("msg", "stderr") if data.get(key)]
            message = cut(plain(": ".join(parts)), MAX_MESSAGE)
        name = "" if task.no_log else cut(plain(str(task.get_name())), 500)
        self.failures.append({"host": plain(host_of(result)), "task": name, "message": message})

    # the end

    def v2_playbook_on_stats(self, stats):
        hosts = {}
        for name in sorted(stats.processed):
            counts = dict(stats.summarize(name))
            counts["failed"] = counts.pop("failures", 0)
            hosts[plain(str(name))] = counts
        if self.plays > 0 and self.matched == 0 and not hosts:
            self.write(os.environ.get("${nothingMatchedVariable}"), "")
        self.write(os.environ.get("FARHAND_OUTPUTS"), json.dumps(self.outputs(hosts), ensure_ascii=False))

    def outputs(self, hosts):
        room = Room()
        outputs, left_out = {}, {}
        sections = (
            ("hosts", hosts, True),
            ("stats", self.run_stats, True),
            ("hostStats", self.host_stats, False),
            ("facts", self.facts, False),
        )
        for section, values, always in sections:
            taken, missing = room.take(list(values.items()))
            if taken or always:
                outputs[section] = dict(taken)
            if missing:
                left_out[section] = missing
        taken, missing = room.take([("", failure) for failure in self.failures])
        if taken:
            outputs["failures"] = [failure for _, failure in taken]
        missing += self.failures_seen - len(self.failures)
        if missing:
            left_out["failures"] = missing
        if left_out:
            outputs["leftOut"] = left_out
        return outputs

    def write(self, path, text):
        if not path:
            return
        try:
            with open(path + ".part", "wb") as file:
                file.write(text.encode("utf-8"))
            os.replace(path + ".part", path)
        except OSError as error:
            self._display.warning("farhand: %s cannot be written: %s" % (path, error))
`;
