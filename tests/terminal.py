"""Runs a program on a pseudo-terminal and types the answers of ANSWERS, one `question=answer` a line, each
once the question is on the screen. Prints the screen; exits with the status of the program."""
import os
import pty
import select
import sys
import time

answers = [line.split("=", 1) for line in os.environ["ANSWERS"].split("\n")]
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
screen, ends = "", time.time() + 120
while time.time() < ends:
    ready, _, _ = select.select([terminal], [], [], 1)
    if ready:
        try:
            read = os.read(terminal, 4096)
        except OSError:
            break
        if not read:
            break
        screen += read.decode("utf-8", "replace")
    if answers and answers[0][0] in screen and screen.rstrip().endswith(":"):
        os.write(terminal, answers.pop(0)[1].encode() + b"\n")
        screen += " "
print(screen)
print("not asked:", answers)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) or len(answers))
