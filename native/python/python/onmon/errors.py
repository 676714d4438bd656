"""The one error of this package."""


class OnmonError(Exception):
    """What cannot be fingerprinted or identified. `code` is stable, the text is not."""

    code: str
    message: str

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
