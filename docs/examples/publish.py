"""Publish one product change: REDIS_URL=redis://producer:PASSWORD@127.0.0.1:6379/0 python publish.py"""

from datetime import UTC, datetime

from redis import Redis

from shared.events import Product, ProductChanged, Quantity, publish
from shared.settings import settings

kettle = Product(
    sku="KET-42",
    version=7,
    title="Kettle K2",
    brand="Norrland",
    category=["Kitchen", "Kettles"],
    attributes={"capacity": Quantity(value=1.7, unit="l"), "color": ["black", "white"], "cordless": True},
)
event = ProductChanged(id="KET-42:7", source="shop", time=datetime.now(UTC), data=kettle)

with Redis.from_url(settings().redis_dsn) as redis:
    print(publish(redis, [event])[0])
