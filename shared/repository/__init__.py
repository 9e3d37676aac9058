"""All SQL of Shelftalk, one module for each part of an event's way.

:mod:`~shared.repository.inbox`        what ingest writes: the ledger, snapshots, requests for copy
:mod:`~shared.repository.generations`  what workers write: claims, descriptions, failures
:mod:`~shared.repository.sweeping`     what the sweep mends: lost messages, silent workers
:mod:`~shared.repository.registry`     models, their aliases, and the processes that live
:mod:`~shared.repository.reading`      what operators read: status, a product's copy, the audit

Functions take a connection and never commit: the caller owns the transaction.
"""
