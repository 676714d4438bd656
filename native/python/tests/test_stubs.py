"""The stubs name what the extension module has, and nothing else."""

import ast
import unittest
from pathlib import Path

import onmon
from onmon import _onmon

STUBS = Path(onmon.__file__).with_name("_onmon.pyi")


def public(names):
    return {name for name in names if not name.startswith("_")}


class Stubs(unittest.TestCase):
    def test_functions_classes_and_their_members_are_those_of_the_module(self):
        tree = ast.parse(STUBS.read_text())
        stated = {}
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                members = [item for item in node.body if isinstance(item, ast.FunctionDef)]
                stated[node.name] = public(item.name for item in members)
            elif isinstance(node, ast.FunctionDef):
                stated[node.name] = None
            elif isinstance(node, ast.AnnAssign):
                stated[node.target.id] = None
        self.assertEqual(public(stated), public(vars(_onmon)))
        for name, members in stated.items():
            if members is not None:
                self.assertEqual(members, public(vars(getattr(_onmon, name))), name)

    def test_the_package_is_typed_and_exports_what_it_says(self):
        self.assertTrue(STUBS.with_name("py.typed").exists())
        for name in onmon.__all__:
            self.assertTrue(hasattr(onmon, name), name)


if __name__ == "__main__":
    unittest.main()
