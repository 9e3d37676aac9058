"""The scores of a description, one module for each thing that they look at. Start at :mod:`shared.scoring.quality`.

:mod:`~shared.scoring.definitions`  name, range, formula, source and version of every score
:mod:`~shared.scoring.grounded`     how much of the text has evidence
:mod:`~shared.scoring.slots`        how much of the product the text states, and what is missing, wrong or told twice
:mod:`~shared.scoring.parent`       PARENT: the words of the text against those of the product and of references
:mod:`~shared.scoring.style`        repetition, copying, readability, length
:mod:`~shared.scoring.keywords`     the search words that the profile asks for
:mod:`~shared.scoring.language`     whether the text is in the profile's language
:mod:`~shared.scoring.privacy`      personal data
:mod:`~shared.scoring.composite`    one number from many
"""
