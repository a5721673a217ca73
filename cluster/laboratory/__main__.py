# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The command cluster/lab."""

import argparse
import json
import os
import shutil
import signal
import sys
import time

from console import clear, find_weft, progress
from laboratory import judge, network, report, runs, selftest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    if sys.version_info < (3, 8):
        return fail(69, "this needs Python 3.8 or later; python3 is %s" % sys.version.split()[0])
    arguments = parse()
    if arguments.self_test:
        return selftest.run()
    if arguments.check:
        return check(arguments)
    weft = find_weft(ROOT)
    if weft is None:
        return fail(69, "there is no weft yet; build it with: make build")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    return lab(arguments, weft)


def parse():
    parser = argparse.ArgumentParser(
        prog="cluster/lab", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Runs five real nodes, each in a network namespace of its own, on a bad network, and proves from what\n"
                    "each of them heard that every event came once and in order, and that every gap was announced.",
        epilog="runs:\n%s\n  %s\n\n"
               "It needs root, and iproute2 and nftables. Where `ip netns add` itself fails it is skipped, and says so.\n"
               "Exit codes: 0 all is well, or it was skipped; 1 something is wrong (the list says what, and where the logs\n"
               "are), 69 a tool is missing, 130 interrupted." % (
                   "\n".join("  %s" % plan for plan in runs.PLANS.values()), runs.QUICK))
    parser.add_argument("--runs", default="ABCDEF", help="which runs; ABCDEF if nothing is said")
    parser.add_argument("--quick", action="store_true", help="one short run in their place, with a bit of each")
    parser.add_argument("--rate", type=int, help="events a second from each node, for a machine that is too slow")
    parser.add_argument("--seed", type=int, default=1, help="of the delays; 1 if nothing is said")
    parser.add_argument("--keys", action="store_true", help="give each node a key: links are encrypted, strangers kept out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--keep", action="store_true", help="keep the logs also when all is well")
    parser.add_argument("--directory", help="where logs go; a new folder under run/ if nothing is said")
    parser.add_argument("--check", metavar="DIR", help="judge again what an earlier run has left")
    parser.add_argument("--self-test", action="store_true", help="see that the judge finds what is wrong in doctored evidence")
    arguments = parser.parse_args()
    if not arguments.runs or set(arguments.runs) - set(runs.PLANS):
        parser.error("--runs takes letters of %s" % "".join(runs.PLANS))
    if arguments.rate is not None and not 1 <= arguments.rate <= 100000:
        parser.error("--rate takes 1 to 100000")
    return arguments


def lab(arguments, weft):
    plans = [runs.QUICK] if arguments.quick else [runs.PLANS[name] for name in arguments.runs]
    directory = arguments.directory or os.path.join(ROOT, "run", "lab-%s" % time.strftime("%Y%m%d-%H%M%S"))
    judged = []
    try:
        for plan in plans:
            if arguments.rate is not None:
                plan.rate = arguments.rate
            run = runs.Run(plan, weft, arguments.seed, os.path.join(directory, plan.name), arguments.keys, progress)
            evidence = run.run()
            with open(os.path.join(run.directory, "evidence.json"), "w") as file:
                json.dump(evidence, file)
            judged.append((evidence, judge.judge(evidence)))
            clear()
            say(arguments, judged[-1])
    except network.NoNamespaces as error:
        clear()
        shutil.rmtree(directory)
        return skipped(arguments, str(error))
    except KeyboardInterrupt:
        clear()
        return fail(130, "interrupted; logs are in %s" % directory)
    except network.Broken as error:
        clear()
        return fail(69 if str(error).startswith("there is no ") else 1, "%s; logs are in %s" % (error, directory))
    status = finish(arguments, judged, directory)
    if status == 0 and not arguments.keep:
        shutil.rmtree(directory)
    return status


def say(arguments, pair):
    if not arguments.json:
        for line in report.lines(*pair):
            print(line, flush=True)


def skipped(arguments, reason):
    if arguments.json:
        print(json.dumps({"skipped": reason, "runs": []}))
    else:
        print("lab: SKIPPED, because this system does not let this user make network namespaces (%s)" % reason)
    return 0


def finish(arguments, judged, directory):
    is_well = not any(judgement.findings for _, judgement in judged)
    if arguments.json:
        print(json.dumps({"skipped": None, "well": is_well, "logs": None if is_well else directory, "runs": [report.summary(*pair) for pair in judged]}))
        return 0 if is_well else 1
    for evidence, judgement in judged:
        if judgement.findings:
            print("run %s:" % evidence["run"])
            for line in report.findings(judgement):
                print(line)
    names = ", ".join(evidence["run"] for evidence, _ in judged)
    print("lab: RAN (%s): %s" % (names, "well" if is_well else "NOT WELL"))
    if not is_well:
        print("everything that is known is in %s (judge it again with: cluster/lab --check %s)" % (directory, directory))
    return 0 if is_well else 1


def check(arguments):
    judged = []
    for name in sorted(os.listdir(arguments.check)):
        path = os.path.join(arguments.check, name, "evidence.json")
        if os.path.exists(path):
            with open(path) as file:
                evidence = json.load(file)
            judged.append((evidence, judge.judge(evidence)))
            say(arguments, judged[-1])
    if not judged:
        return fail(64, "%s has no run of a laboratory in it" % arguments.check)
    return finish(arguments, judged, arguments.check)


def fail(status, text):
    print("cluster/lab: " + text, file=sys.stderr)
    return status


sys.exit(main())
