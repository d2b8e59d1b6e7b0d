"""The cache of several threads."""

from concurrent.futures import ThreadPoolExecutor

from diffdiff.lru import LruCache


def test_what_was_used_last_is_kept():
    cache = LruCache(2)
    assert cache.get("a") is None
    for name in "ab":
        assert cache.put(name, name.upper()) == name.upper()
    assert cache.get("a") == "A"
    cache.put("c", "C")
    assert "b" not in cache and cache.get("a") == "A" and len(cache) == 2
    cache.clear()
    assert len(cache) == 0


def test_threads_do_not_disturb_each_other():
    cache = LruCache(8)

    def work(seed):
        for i in range(4000):
            key = (seed * 7 + i * 13) % 50
            value = cache.get(key)
            assert value is None or value == key
            cache.put(key, key)
            assert len(cache) <= 8

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
