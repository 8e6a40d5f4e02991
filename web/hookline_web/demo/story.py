"""What the console says."""

from __future__ import annotations

from pathlib import Path

from hookline_web.demo.cast import PEOPLE
from hookline_web.demo.numbers import ENDINGS, TEST_NUMBER


def welcome(url: str, folder: Path) -> str:
    """Everything somebody needs to begin."""
    width = max(len(person.login) for person in PEOPLE)
    users = "\n".join(
        f"  {person.login:<{width}}  {person.password:<{width + 9}}  {person.role.value:<13}  {person.note}"
        for person in PEOPLE
    )
    endings = ", ".join(f"{ending.digit} {ending.says}" for ending in ENDINGS)
    return f"""
Hookline's demo is ready: {url}

Users (log-in, password):
{users}

What to try:
  1. Log in as anna and start work: you talk in the browser where there is a microphone, else at her simulated phone.
     Dial the contact you are shown, talk, choose a disposition.
  2. The fourth contact is passed over: its consent has ended. As admin: Campaigns, Fotowoltaika, Contacts, “why?”.
  3. In a private window log in as ewa: Agents now shows Anna's state live, Campaigns her results and recordings.
  4. As marta go ready and do nothing: this campaign is progressive, the dialler dials.
  5. As admin: import {folder / "files" / "fotowoltaika.csv"}, or Trunks, Test call to {TEST_NUMBER}.

A number's last digit says what it does: {endings}.
Your own voice: at Start work choose “This browser”, with a headset. Or let a softphone listen on 127.0.0.1:5062 and
make sip:you@127.0.0.1:5062 a station (as admin); more by: hookline sip far-end --softphone-hint

Nothing leaves this machine. Data and logs are in {folder}. Ctrl-C stops everything; the next start goes on from here.
"""
