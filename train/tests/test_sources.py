"""Music is fetched once, however many processes want it at the same time."""

import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

from onmon_train import sources

PACKAGE = sources.PACKAGES[0].name


class Fetching(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(patch.dict("os.environ", ONMON_MUSIC=str(self.folder)))
        sources.fetched.cache_clear()
        self.addCleanup(sources.fetched.cache_clear)

    def test_one_fetches_and_the_others_wait_for_it(self):
        begun, fetches = threading.Barrier(4), []

        def slowly(package: str, folder: Path) -> None:
            fetches.append(package)
            time.sleep(0.2)
            (folder / "complete").touch()

        def ask(_: int) -> bool:
            begun.wait()
            # Past the cache: other processes have none of it.
            return (sources.fetched.__wrapped__(PACKAGE) / "complete").exists()

        with patch.object(sources, "_fetch", slowly), ThreadPoolExecutor(4) as pool:
            self.assertEqual(list(pool.map(ask, range(4))), [True] * 4)
        self.assertEqual(fetches, [PACKAGE])

    def test_what_is_there_is_not_written_to(self):
        (self.folder / PACKAGE).mkdir()
        (self.folder / PACKAGE / "complete").touch()
        sources.fetched(PACKAGE)
        self.assertEqual([path.name for path in (self.folder / PACKAGE).iterdir()], ["complete"])


if __name__ == "__main__":
    unittest.main()
