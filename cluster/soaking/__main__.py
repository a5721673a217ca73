# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The command cluster/soak."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time

from console import clear, find_weft, progress
from soaking import breaking, checker, evidence, plan, processes, report, selftest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    if sys.version_info < (3, 8):
        return fail(69, "this needs Python 3.8 or later; python3 is %s" % sys.version.split()[0])
    arguments = parse()
    if arguments.self_test:
        return selftest.run()
    if arguments.check:
        return check(arguments.check)
    weft = find_weft(ROOT)
    if weft is None:
        return fail(69, "there is no weft yet; build it with: make build")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    return soak(arguments, weft)


def parse():
    parser = argparse.ArgumentParser(
        prog="cluster/soak", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Breaks a real cluster on this machine for a while, and proves from the handlers' own log, the ledger\n"
                    "and the stand-in platform that every task completed and none completed twice.",
        epilog="Two thirds of the time the platform never sends a task again, one third it does. The plan of kills and\n"
               "faults, and the tasks, follow from the seed; what the processes make of it does not.\n"
               "Exit codes: 0 nothing was lost, 1 something is wrong (the list says what, and where the logs are),\n"
               "69 no python3 or no weft, 130 interrupted.")
    parser.add_argument("--seed", type=int, default=1, help="the plan; 1 if nothing is said")
    parser.add_argument("--seconds", type=float, default=120, help="how long the cluster is broken; 120 if nothing is said")
    parser.add_argument("--workers", type=int, default=8, help="how many workers; 8 if nothing is said")
    parser.add_argument("--slots", type=int, default=6, help="slots of each worker; 6 if nothing is said")
    parser.add_argument("--tasks", type=int, help="how many tasks there must be at least; 5000 from 120 s on, fewer for less")
    parser.add_argument("--redeliver", choices=["off", "on", "both"], default="both",
                        help="whether the platform sends tasks again; both, one after the other, if nothing is said")
    parser.add_argument("--settle", type=float, default=180, help="how many seconds to wait for the rest at most")
    parser.add_argument("--keep", action="store_true", help="keep the logs also when all is well")
    parser.add_argument("--directory", help="where logs and ledgers go; a new folder under run/ if nothing is said")
    parser.add_argument("--plan", action="store_true", help="print what would be done, and do nothing")
    parser.add_argument("--check", metavar="DIR", help="judge again what an earlier run has left")
    parser.add_argument("--self-test", action="store_true", help="see that the checker finds what is wrong in doctored evidence")
    arguments = parser.parse_args()
    if not arguments.seconds >= 5 or arguments.workers < 1 or arguments.slots < 1:
        parser.error("--seconds takes at least 5, --workers and --slots at least 1")
    return arguments


def soak(arguments, weft):
    shares = {"off": [("off", 1.0)], "on": [("on", 1.0)], "both": [("off", 2 / 3), ("on", 1 / 3)]}[arguments.redeliver]
    plans = [plan.Plan(arguments.seed, name, arguments.seconds * share, arguments.workers) for name, share in shares]
    if arguments.plan:
        for one in plans:
            print("round %s, %.0f s" % (one.name, one.seconds))
            for step in one.steps:
                print(step)
        return 0
    wanted = arguments.tasks
    if wanted is None:
        wanted = 5000 if arguments.seconds >= 120 else int(arguments.seconds * 10)
    directory = arguments.directory or os.path.join(
        ROOT, "run", "soak-%d-%s" % (arguments.seed, time.strftime("%Y%m%d-%H%M%S")))
    print("soak: seed %d, %g s, %d workers with %d slots each, %s"
          % (arguments.seed, arguments.seconds, arguments.workers, arguments.slots, weft), flush=True)
    judgements = []
    try:
        for one in plans:
            judgements.append(run_round(one, arguments, weft, os.path.join(directory, one.name)))
    except KeyboardInterrupt:
        clear()
        return fail(130, "interrupted; logs are in %s" % directory)
    except processes.NotReady as error:
        clear()
        return fail(1, "%s; logs are in %s" % (error, directory))
    status = finish(judgements, wanted, directory)
    if status == 0 and not arguments.keep:
        shutil.rmtree(directory)
    return status


def run_round(one, arguments, weft, directory):
    os.makedirs(directory)
    cluster = processes.Cluster(weft, directory, one.name == "on", arguments.workers, arguments.slots)
    breaking.Round(one, cluster, arguments.slots, arguments.settle, progress).run()
    clear()
    return judge(one.name, directory, weft)


def judge(name, directory, weft=None):
    found = evidence.Evidence(directory)
    judgement = checker.judge(found)
    if weft is not None:
        check_ledger(weft, directory, judgement)
    for line in report.lines(name, found, judgement):
        print(line, flush=True)
    return found, judgement


def check_ledger(weft, directory, judgement):
    """What Weft itself says of the ledger, when it has the command."""
    known = subprocess.run([weft, "ledger", "--help"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if b"weft ledger" not in known.stdout:
        return
    said = subprocess.run([weft, "ledger", "check", os.path.join(directory, "ledger.sqlite")], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if said.returncode != 0:
        text = said.stdout.decode("utf-8", "replace").strip()
        judgement.find("damaged", None, "weft ledger check ends with %d: %s" % (said.returncode, text[-500:]))


def finish(judgements, wanted, directory):
    tasks = sum(len(found.submitted) for found, _ in judgements)
    kills = sum(len(found.notes["kills"]) for found, _ in judgements)
    if tasks < wanted:
        judgements[-1][1].find("too-few", None, "%d tasks, and there must be at least %d" % (tasks, wanted))
    lost = sum(len(judgement.lost) for _, judgement in judgements)
    twice = sum(len(judgement.twice) for _, judgement in judgements)
    is_well = not any(judgement.findings for _, judgement in judgements)
    print("%s: %d tasks, %d kills, %d lost, %d completed twice"
          % ("well" if is_well else "NOT WELL", tasks, kills, lost, twice))
    if is_well:
        return 0
    for found, judgement in judgements:
        if judgement.findings:
            print("round %s:" % os.path.basename(found.directory))
            for line in report.findings(judgement):
                print(line)
    print("everything that is known is in %s (judge it again with: cluster/soak --check %s)" % (directory, directory))
    return 1


def check(directory):
    judgements = []
    for name in sorted(os.listdir(directory)):
        if os.path.exists(os.path.join(directory, name, "round.json")):
            judgements.append(judge(name, os.path.join(directory, name)))
    if not judgements:
        return fail(64, "%s has no round of a soak in it" % directory)
    return finish(judgements, 0, directory)


def fail(status, text):
    print("cluster/soak: " + text, file=sys.stderr)
    return status


sys.exit(main())
