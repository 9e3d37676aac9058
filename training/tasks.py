"""The Celery tasks of the trainer. They only translate.

Both are acknowledged before they run. A run of hours would else outlive Redis's patience with its message and be
delivered again; what a killed trainer left is seen to at its next start (:mod:`training.retrain`).
"""

from __future__ import annotations

from shared import broker, db
from shared.drift_watch import check_drift
from shared.logs import logger
from shared.settings import settings
from training import retrain
from training.app import app

log = logger(__name__)


@app.task(name=broker.RETRAIN, acks_late=False)
def retrain_from_new_pairs(asked_by: str = retrain.SCHEDULE) -> str:
    """Train from the pairs that are new, in a process of its own."""
    return retrain.retrain(settings(), asked_by)


@app.task(name=broker.CHECK_DRIFT, acks_late=False)
def look_for_drift() -> str:
    """Compare this week with what the champion learnt from."""
    check = check_drift(db.engine(), settings(), app)
    if not check.is_alert:
        return "nothing has moved too far"
    log.warning("drift", check=check.id, moved=check.moved)
    return f"moved: {', '.join(check.moved)}"
