"""docs/privacy.md from the figures: method, tables, what they mean and what they do not."""

import textwrap

from scipy import stats

PAGE_WIDTH = 110

HEARD = {
    "original": "the speech itself",
    "true": "resynthesis from the true log bands (upper bound)",
    "inverted": "resynthesis from the codes, inverted",
    "sharpened": "the same, modulation depth restored",
    "other": "inverted from the codes of other speech (floor)",
    "mean": "the mean spectrum (floor)",
}
BANDS = {
    "inverted": "inverted from the codes",
    "sharpened": "the same, modulation depth restored",
    "other": "inverted from the codes of other speech",
    "mean": "the mean spectrum",
}
SETS = {
    "en": "English, held-out sentences, speaker known",
    "it": "Italian, speaker and language not learned",
    "ru": "Russian, speaker and language not learned",
}


def row(*cells: object) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(heads: list[str], rows: list[str]) -> list[str]:
    return [row(*heads), row(*["---"] * len(heads)), *rows, ""]


def text(words: str, bullet: str = "") -> list[str]:
    """A paragraph, or a bullet of a list."""
    words = " ".join(words.split())
    lines = textwrap.wrap(
        words,
        PAGE_WIDTH,
        initial_indent=bullet,
        subsequent_indent=" " * len(bullet),
        break_on_hyphens=False,
        break_long_words=False,
    )
    return lines if bullet else [*lines, ""]


def share(right: int, asked: int) -> str:
    """With the 95 % interval (Wilson)."""
    interval = stats.binomtest(right, asked).proportion_ci(method="wilson")
    percent = f"{100 * right / asked:.0f} % ({100 * interval.low:.0f} to {100 * interval.high:.0f})"
    return f"{right} of {asked}, {percent}"


def above(right: int, asked: int, chance: float) -> bool:
    """Above chance, one-sided, at 1 in 1,000."""
    return bool(stats.binomtest(right, asked, chance, alternative="greater").pvalue < 0.001)


def bands(result: dict) -> list[str]:
    rows = []
    for name, figures in result["bands"].items():
        for variant in ("inverted", "sharpened", "other", "mean"):
            f = figures[variant]
            rows.append(
                row(
                    SETS[name],
                    BANDS[variant],
                    f"{f['rmse_db']:.1f}",
                    f"{f['rmse_centred_db']:.1f}",
                    "none" if variant == "mean" else f"{f['correlation']:.2f}",
                )
            )
    frames = sum(figures["mean"]["frames"] for figures in result["bands"].values())
    clips = ", ".join(
        f"{name} {f['clips']} clips, {f['minutes']:.1f} min" for name, f in result["bands"].items()
    )
    heads = ["speech", "bands", "error, dB", "each band's mean known, dB", "correlation"]
    return [
        "## Band spectrum",
        *text(f"""Root mean square over {frames:,} active 25-ms frames ({clips}) and 32 bands;
            active: within 30 dB of the clip's loudest. The correlation is that of each band's
            movement about its mean in a clip, averaged over bands."""),
        *table(heads, rows),
    ]


def intelligibility(result: dict) -> list[str]:
    rows = []
    for name, figures in result["hearing"].items():
        for key, f in figures.items():
            variant, way = key.split(", ")
            way = way.replace("griffin_lim", "Griffin-Lim")
            scores = (f"{f['stoi']:.2f}", f"{f['estoi']:.2f}", f["clips"])
            rows.append(row(SETS[name], HEARD[variant], way, *scores))
    return [
        "## Intelligibility, predicted",
        *text("""STOI and ESTOI against the original, mean over clips of a second and more; 1 is
            the original. They predict what listeners understand; they are not listeners. Steady
            noise (the mean spectrum) has a STOI well above 0: compare with the floors."""),
        *table(["speech", "heard", "by", "STOI", "ESTOI", "clips"], rows),
    ]


def recogniser(result: dict) -> list[str]:
    figures, rows = result["recogniser"], []
    for variant, name in HEARD.items():
        if f"{variant}, open" in figures:
            loose, known = figures[f"{variant}, open"], figures[f"{variant}, sentences"]
            named = share(known["exact"], known["clips"])
            rows.append(row(name, f"{loose['word_errors']:.0f} %", named, known["unanswered"]))
    f = figures["original, open"]
    return [
        "## A recogniser that listens",
        *text(f"""PocketSphinx (US English) on {f["clips"]} held-out English clips of three words
            and more, {f["words"]} words. Once with any words (word error rate), once told that
            it is one of {figures["sentences"]} sentences (named right,
            with 95 % interval; no answer counts as not right). Resyntheses are by Griffin-Lim."""),
        *table(["heard", "any words: errors", "one of the sentences: right", "no answer"], rows),
    ]


def readers(result: dict) -> list[str]:
    rows = []
    for name in ("bands", "codes", "codes of another clip"):
        f = result["phones"][name]
        held, every = f["held-out list"], f["all list"]
        named = (share(held["first"], held["asked"]), share(every["first"], every["asked"]))
        rows.append(row(name, f"{f['phone_errors']:.0f} %", *named))
    f = result["phones"]["codes"]
    held, every = f["held-out list"]["sentences"], f["all list"]["sentences"]
    return [
        "## A recogniser made for codes",
        *text(f"""The inverter's network, trained on to read phones (CTC) straight from the codes
            of the training sentences; to compare, the same shape trained from nothing to read
            the true log bands. {f["clips"]} held-out clips, {f["phones"]} phones; none of their
            sentences was in training. Then it ranks written sentences of three words and more:
            {held} (the held-out ones) or {every} (all)."""),
        *table(["reads", "phone errors", f"right of {held}", f"right of {every}"], rows),
    ]


def classes(result: dict) -> list[str]:
    rows = []
    for of in ("bands", "codes"):
        digits, languages = result["digits"][of], result["languages"][of]
        right = (share(f["right"], f["asked"]) for f in (digits, languages))
        rows.append(row(of, *right))
    english, spanish, _ = result["languages"]["codes"]["said_by_language"]
    apart = share(english[0] + spanish[1], sum(english) + sum(spanish))
    return [
        "## Told apart from the codes alone",
        *text("""Ten spoken digits (espeak-ng, voices not learned, position known; chance 10 %).
            English, Spanish or French from 5 s of held-out prompts (chance 33 %; always saying
            the commonest gives a little more)."""),
        *table(["from", "digit", "language"], rows),
        *text(f"""French is another speaker than the other two, so that column mixes speaker and
            language. English and Spanish are one speaker (by the name of the recordings): of
            their stretches, {apart}, were given the right language from the codes."""),
    ]


def recovered(result: dict) -> list[tuple[str, bool]]:
    """What was asked of the codes, and whether the answer was better than chance."""
    heard, phones = result["recogniser"], result["phones"]["codes"]
    held, every = phones["held-out list"], phones["all list"]
    digits, languages = result["digits"]["codes"], result["languages"]["codes"]
    known = max(heard["inverted, sentences"]["exact"], heard["sharpened, sentences"]["exact"])
    asked = heard["inverted, sentences"]["clips"]
    commonest = max(map(sum, languages["said_by_language"])) / languages["asked"]
    return [
        (
            f"which of {held['sentences']} known sentences was said, by a network made for codes",
            above(held["first"], held["asked"], 1 / held["sentences"]),
        ),
        (
            f"the same of {every['sentences']}",
            above(every["first"], every["asked"], 1 / every["sentences"]),
        ),
        (
            f"which of {heard['sentences']} known sentences was said, by an ordinary recogniser"
            " that hears the inversion",
            above(known, asked, 1 / heard["sentences"]),
        ),
        ("which of ten digits was said", above(digits["right"], digits["asked"], 0.1)),
        (
            "the language (or the speaker)",
            above(languages["right"], languages["asked"], commonest),
        ),
    ]


def meaning(result: dict) -> list[str]:
    phones, heard, english = result["phones"], result["recogniser"], result["bands"]["en"]
    found = recovered(result)
    errors = min(heard[f"{v}, open"]["word_errors"] for v in ("inverted", "sharpened"))
    spread = english["mean"]["rmse_centred_db"]
    gain = spread - english["inverted"]["rmse_centred_db"]
    leaks, steps = any(yes for _, yes in found), result["steps"]["reader"]
    return [
        "## What it means",
        *text(
            "**Codes carry content of speech: they must not be called anonymous or irreversible.**"
            if leaks
            else "**This attack got nothing above chance. That is no proof that none can.**"
        ),
        *[
            line
            for what, yes in found
            for line in text(
                f"Above chance (1 in 1,000): {what}: **{'yes' if yes else 'no'}**.", "- "
            )
        ],
        *text(
            f"""With each band's mean known, inversion lowers the error by {gain:.1f} dB of the
            {spread:.1f} dB by which speech moves.""",
            "- ",
        ),
        *text(
            f"""Free dictation by an ordinary recogniser that hears the inversion errs on
            {errors:.0f} % of the words. On the original it errs on
            {heard["original, open"]["word_errors"]:.0f} %, on the resynthesis from true log
            bands on {heard["true, open"]["word_errors"]:.0f} %: where that is near 100 % the
            test cannot tell codes from bands.""",
            "- ",
        ),
        *text(
            f"""A network made for codes errs on {phones["codes"]["phone_errors"]:.0f} % of the
            phones; given codes of other speech, on
            {phones["codes of another clip"]["phone_errors"]:.0f} %; the one for true log bands
            on {phones["bands"]["phone_errors"]:.0f} %.""",
            "- ",
        ),
        "",
        *(
            text("""So: who can guess what may have been said can test the guess against the
                codes. Treat codes of speech as personal data: send them encrypted, keep them no
                longer than the answer takes.""")
            if leaks
            else []
        ),
        "## What it does not tell",
        *text(
            f"""The attack is a small one: {result["minutes_learned"]:.0f} minutes of speech
            ({result["clips_learned"]:,} clips), minutes of one processor core, one seed. More
            speech, larger networks, a language model, a modern neural recogniser and vocoder
            would do better. The figures are what is recoverable *at least*; nothing here bounds
            it from above.""",
            "- ",
        ),
        *text(
            """It is also favoured: clean studio prompts, speech alone, a speaker learned
            before, prompts that share wording and phrases. Far speech under music should give
            less; that was not measured.""",
            "- ",
        ),
        *text(
            """PocketSphinx is a weak recogniser, made for 16 kHz: see its errors on the
            original. That it fails on the resyntheses does not mean that people would. Its search
            among any words was limited to spare time, and where it gave no answer among known
            sentences it was not made to guess.""",
            "- ",
        ),
        *text(
            f"""The length of the phone reader's training ({steps} steps) was chosen after a
            shorter one, on an earlier network, had read the same held-out clips less well. The
            encoder was itself trained with English, Spanish and French prompts, held-out ones
            too, as interference over music.""",
            "- ",
        ),
        *text(
            """Nobody listened in a controlled test. The digits are synthetic voices; English
            words come from one speaker. Whether one speaker can be told from another, all else
            equal, was not measured.""",
            "- ",
        ),
    ]


def page(result: dict) -> str:
    steps, hops, f = result["steps"], result["encoder_hops"], result["minutes_learned"]
    lines = [
        "# Privacy: what of speech the codes give away",
        "",
        *text("""Generated by `python -m onmon_train.privacy` (in train/); the figures are in
            `privacy.json`. Do not edit."""),
        *text(f"""Encoder **{result["encoder"]}**, SHA-256 `{result["sha256"]}`: one byte per 50
            ms, each from {hops["context"]} hops of 50 ms ({hops["mean"]} of them for a mean)."""),
        "## Method",
        *text(f"""The attacker knows the encoder, expects speech only and has {f:.0f} minutes of
            it (English, Spanish and French telephone prompts, two speakers), the speaker of the
            English test among them. About a fifth of the sentences is held out: no held-out
            sentence occurs in training, though phrases do. White noise lies 54 dB below all
            speech."""),
        *text(f"""A network of residual temporal convolutions that sees 1.5 s either way is
            trained by least squares to turn codes into the 32 log bands per 25 ms beneath them
            ({steps["inverter"]} steps of 16 stretches of 20 s), each pass over the clips at
            other phases of the 50-ms grid and, mostly, at other speeds. The codes are those of
            the integer encoder that is shipped. Bands become audio by spreading their power
            over the bins, as shaped noise and by Griffin-Lim."""),
        *bands(result),
        *intelligibility(result),
        *recogniser(result),
        *readers(result),
        *classes(result),
        *meaning(result),
    ]
    return "\n".join(lines) + "\n"
