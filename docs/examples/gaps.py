"""Print what products lack: REDIS_URL=redis://producer:PASSWORD@127.0.0.1:6379/0 python gaps.py [LAST ENTRY]"""

import sys

from redis import Redis

from shared.gaps import CatalogGaps
from shared.settings import settings

last = sys.argv[1] if len(sys.argv) > 1 else "0"

with Redis.from_url(settings().redis_dsn, decode_responses=True) as redis:
    while found := redis.xread({"catalog:gaps": last}, count=1_000):
        for last, fields in found[0][1]:
            event = CatalogGaps.model_validate_json(fields["event"])
            print(last, event.id, event.data.sku, ", ".join(event.data.missing))
