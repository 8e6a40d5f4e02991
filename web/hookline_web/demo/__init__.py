"""`hookline demo`: an installation with people, campaigns and a telephone network to call, all on this machine.

`cli` is the command, `folder` keeps the demo's data, `seeding` fills it by the services that everybody uses, `people`
and `numbers` make contacts up, `processes` runs the far end and the server, `story` says what to try.
"""
