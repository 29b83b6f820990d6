"""A strict Cloud Storage JSON API server for rehearsals and tests.

    from thermocline.sandbox.server.run import running_server

    with running_server() as server:            # a process of its own, on a free port of 127.0.0.1
        os.environ["STORAGE_EMULATOR_HOST"] = server.url
        ...

`running_server(directory)` keeps buckets and objects in a folder across restarts. From a shell:
`thermocline sandbox serve --port 4443 [--dir D]`. The control API (faults, clock, seeding, state for oracles) is
described in `control.py`.
"""
