"""All SQL of Shelftalk, one module for each part of an event's way.

:mod:`~shared.repository.inbox`        what ingest writes: the ledger, snapshots, requests for copy
:mod:`~shared.repository.generations`  how generations end: failures, dead letters, leases
:mod:`~shared.repository.claims`       which worker writes what
:mod:`~shared.repository.descriptions` what workers write, many copies in one transaction
:mod:`~shared.repository.sweeping`     what the sweep mends: lost messages, silent workers
:mod:`~shared.repository.retention`    what it lets go of
:mod:`~shared.repository.registry`     models, their aliases, and the processes that live
:mod:`~shared.repository.reading`      what operators read: status, a product's copy, the audit

Functions take a connection and never commit: the caller owns the transaction.
"""
