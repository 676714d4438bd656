"""What the attacker's own classifiers read from the codes: phones, sentences, languages, digits."""

import numpy as np
import torch

from . import attacks, intelligibility
from .digits import digits
from .inverter import Inverter
from .shipped import Shipped
from .speech import Clip, Stream, test_stream, training_pass

SEED = 1
WINDOW_CODES = 100
DIGIT_CODES = 25
LANGUAGES = ("en", "es", "fr")
Figures = dict[str, float]


def read_phones(
    encoder: Shipped, inverter: Inverter, english: list[Clip], test: Stream, steps: int
):
    """A recogniser of the attacker's own, straight from the codes; from bands to compare with."""
    said = intelligibility.phones({word for clip in english for word in clip.words})
    usable = [clip for clip in english if clip.words and set(clip.words) <= set(said)]
    held = [clip for clip in english if clip.held_out]
    asked = [(c, s) for c, s in zip(held, test.spans, strict=True) if c in usable]
    long = [(c, s) for c, s in asked if len(c.words) >= 3]
    lists = {"held-out": sorted({c.words for c, _ in long})}
    lists["all"] = sorted({c.words for c in usable if len(c.words) >= 3})
    learned = [clip for clip in usable if not clip.held_out]
    passes = attacks.passes(encoder, learned, 4, SEED + 100)
    figures = {}
    for of in ("codes", "bands"):
        reader = attacks.PhoneReader(said)
        items = [
            (attacks.inputs(stream, span, of), reader.labels(clip.words))
            for order, stream in passes
            for clip, span in zip(order, stream.spans, strict=True)
        ]
        start = inverter.model if of == "codes" else attacks.Attack(64, 1)
        reader.learn(start, items, steps, SEED)
        figures[of] = phone_figures(reader, test, asked, long, lists, of)
        if of == "codes":
            wrong = [(c, asked[i - len(asked) // 2][1]) for i, (c, _) in enumerate(asked)]
            wrong_long = [(c, s) for c, s in wrong if len(c.words) >= 3]
            figures["codes of another clip"] = phone_figures(
                reader, test, wrong, wrong_long, lists, of
            )
        print(of, figures[of], flush=True)
    return figures


def phone_figures(reader, test: Stream, asked, long, lists, of: str) -> Figures:
    """Phone errors over all clips, sentences named from lists over those of three words or more."""
    phones = errors = 0
    for clip, span in asked:
        labels = tuple(reader.labels(clip.words))
        phones += len(labels)
        errors += intelligibility.word_errors(labels, reader.read(attacks.inputs(test, span, of)))
    figures = {"clips": len(asked), "phones": phones, "phone_errors": 100 * errors / phones}
    for name, sentences in lists.items():
        places = [
            reader.rank(attacks.inputs(test, span, of), sentences).index(
                sentences.index(clip.words)
            )
            for clip, span in long
        ]
        figures[f"{name} list"] = {
            "asked": len(long),
            "sentences": len(sentences),
            "first": sum(p == 0 for p in places),
            "in_ten": sum(p < 10 for p in places),
        }
    return figures


def windows(stream: Stream, of: str, step: int) -> list[torch.Tensor]:
    starts = range(0, len(stream.codes) - WINDOW_CODES, step)
    return [attacks.inputs(stream, (at, at + WINDOW_CODES), of) for at in starts]


def tell_languages(encoder: Shipped, inverter: Inverter, found: dict[str, list[Clip]], steps: int):
    """5-s stretches of held-out clips: English and Spanish are one speaker, French another."""
    figures = {}
    streams = [
        (i, training_pass(encoder, [c for c in found[name] if not c.held_out], SEED + seed)[1])
        for i, name in enumerate(LANGUAGES)
        for seed in (300, 301)
    ]
    tests = [
        test_stream(encoder, [c for c in found[name] if c.held_out], SEED) for name in LANGUAGES
    ]
    for of in ("codes", "bands"):
        classifier = attacks.Classifier(of, 3, inverter.model if of == "codes" else None)
        items = [(x, i) for i, stream in streams for x in windows(stream, of, 37)]
        classifier.learn(items, steps, SEED)
        table = np.zeros((3, 3), int)
        for i, stream in enumerate(tests):
            for x in windows(stream, of, WINDOW_CODES):
                table[i, classifier.says(x)] += 1
        figures[of] = {"right": int(np.trace(table)), "asked": int(table.sum())}
        figures[of]["said_by_language"] = table.tolist()
        print("languages", of, figures[of], flush=True)
    return figures


def tell_digits(encoder: Shipped, inverter: Inverter, steps: int):
    """Ten digits in synthetic voices that the classifier has not heard."""
    learned, asked = digits(60, False, SEED), digits(20, True, SEED + 1)
    names, figures = sorted({clip.words for clip in learned}), {}
    passes = [training_pass(encoder, learned, SEED + 400 + i) for i in range(2)]
    passes += [(asked, test_stream(encoder, asked, SEED))]
    for of in ("codes", "bands"):
        sets = [
            [
                (
                    attacks.inputs(stream, (mid - 12, mid - 12 + DIGIT_CODES), of),
                    names.index(c.words),
                )
                for c, span in zip(order, stream.spans, strict=True)
                if 12 <= (mid := sum(span) // 2) < len(stream.codes) - 13
            ]
            for order, stream in passes
        ]
        classifier = attacks.Classifier(of, 10, inverter.model if of == "codes" else None)
        classifier.learn([*sets[0], *sets[1]], steps, SEED)
        right = sum(classifier.says(x) == y for x, y in sets[2])
        figures[of] = {"right": right, "asked": len(sets[2])}
        print("digits", of, figures[of], flush=True)
    return figures
