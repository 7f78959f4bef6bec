"""Every feature there is, and where it comes from: nothing else may be learned from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from flyball.errors import ConfigError

Row = Mapping[str, float | None]
"""A feature's name to its value; `None` is unknown, which is not zero."""

Group = Literal["confidence", "recurrence", "results", "goal", "shape", "place", "machine"]


class Feature(NamedTuple):
    group: Group
    source: str
    """What it is worked out from, all of it known before the judged step is carried out."""


_LONGEST_CYCLE = 4
_LOWEST = 10

_CYCLES = {
    f"{what}_cycle_{length}": f"{what}s: for how many steps each has been that of {length} before"
    for what in ("action", "view", "pair")
    for length in range(1, _LONGEST_CYCLE + 1)
}

# Of confidence, recurrence and shape, steps are those of the policy at work: another starts anew.
_GROUPS: Mapping[Group, Mapping[str, str]] = {
    "confidence": {
        **{
            f"p_lowest_{rank}": f"this step's log-probabilities: the {rank}. lowest (AgentStop)"
            for rank in range(1, _LOWEST + 1)
        },
        "p_mean": "this step's log-probabilities: mean",
        "p_sum": "this step's log-probabilities: sum",
        "p_first": "this step's log-probabilities: that of the first token",
        "p_lowest_run": "all steps' log-probabilities: lowest",
        "p_lowest_recent": "the last steps' log-probabilities: lowest",
        "p_lowest_mean": "all steps' lowest log-probabilities: mean",
        "p_lowest_trend": "this step's lowest log-probability less the mean of those before",
        "p_mean_run": "all steps' mean log-probabilities: mean",
        "unsure": "steps so far with a token below a probability of one half",
        "unsure_recent": "the last steps with a token below a probability of one half",
        "forbidden": "this step: chance of saying what the page does not offer",
        "forbidden_highest": "all steps' chances of saying what the page does not offer: highest",
        "forbidden_mean": "all steps' chances of saying what the page does not offer: mean",
        "entropy_mean": "this step's entropies over the top k: mean",
        "entropy_highest": "this step's entropies over the top k: highest",
        "entropy_variance": "this step's entropies over the top k: variance over tokens",
        "entropy_highest_run": "all steps' entropies over the top k: highest",
        "entropy_mean_run": "all steps' mean entropies: mean",
        "entropy_variance_run": "all steps' mean entropies: variance over steps",
    },
    "recurrence": {
        "action_count": "this action: how often it was proposed before",
        "action_count_recent": "this action: how often of late",
        "action_streak": "this action: how often in a row until now",
        "view_count": "what is seen: how often it was seen before",
        "view_count_recent": "what is seen: how often of late",
        "pair_count": "this action on what is seen: how often before",
        "pair_count_recent": "this action on what is seen: how often of late",
        "pair_idle": "this action on what is seen: how often it changed nothing",
        "pair_stale": "this action on what is seen: how often it led to what had been seen",
        "repeats_streak": "for how many steps each has repeated an action on what was then seen",
        "stale_streak": "for how many steps nothing was seen that is new of late",
        "actions_distinct": "the last actions: share that are distinct",
        "views_distinct": "what was seen of late: share that is distinct",
        "fresh_age": "steps since something was seen for the first time",
        "fresh_share": "steps so far: share that saw something for the first time",
        "tool_streak": "this step's tool: how often in a row until now",
        "policy_age": "steps since the policy at work took over",
        **_CYCLES,
    },
    "results": {
        "changed": "whether the last action changed what is seen",
        "unchanged_streak": "how many actions in a row changed nothing",
        "changed_share": "actions so far: share that changed something",
        "lines_new": "lines seen now and not a step before",
        "lines_gone": "lines seen a step before and not now",
        "view_similarity": "lines seen now and a step before: shared over all",
        "last_ok": "whether the last action could be carried out",
        "errors": "actions so far that could not be carried out",
        "errors_streak": "actions in a row that could not be carried out",
        "error_count": "the last action's error: how often it was told",
        "invalid": "answers so far that could not be read",
        "refused": "actions so far that were handed back",
        "tests_failed": "tests that the newest report says fail",
        "tests_failed_change": "the same, less what the report before said",
    },
    "goal": {
        "goal_said": "the goal's words: share that actions have said",
        "goal_seen": "the goal's words: share on what is seen",
        "goal_seen_change": "the same, less what it was a step before",
        "goal_held": "the goal's words: share that fields and marks hold",
        "goal_held_change": "the same, less what it was a step before",
        "held_in_goal": "the words that fields and marks hold: share that the goal says",
        "facts_said": "the goal's names, numbers and quotes: share that actions have said",
        "facts_seen": "the goal's names, numbers and quotes: share on what is seen",
        "goal_best_age": "steps since the goal's words seen, held or said were at their most",
        "goal_in_action": "the goal's words: share that this action says",
        "action_in_goal": "this action's words: share that the goal says",
        "target_in_goal": "the goal's words: share that the element and its row say",
        "rival_in_goal": "the same of the best other element of its role, less its own",
        "quotes_said": "what the goal puts in quotes: share that actions have said",
        "argument_in_goal": "whether the goal says the argument of this action",
        "thought_unseen": "this thought's words: share that neither goal nor what is seen says",
        "argument_seen": "whether the argument of this action stands on what is seen",
        "goal_words": "the goal's words: how many",
        "values_strange": "what fields hold: share that the goal does not say",
        "half_held": "most of a date, name or quote of the goal that a field holds by half",
        "half_said": "most of a date, name or quote of the goal that this argument says by half",
        "month_shown": "the months of calendars that are seen: share that the goal's dates are in",
    },
    "shape": {
        "is_final": "whether this action ends the run",
        "gives_up": "whether this action says that the task is not done",
        "is_invalid": "whether this answer could not be read",
        "is_wait": "whether this action waits, reads or scrolls",
        "target_there": "whether the element is on what is seen under the name that is given",
        "target_twins": "elements of that name on what is seen",
        "action_similarity": "words of this action and the one before: shared over all",
        "thought_similarity": "words of this thought and the one before: shared over all",
        "thought_words": "this thought: words",
        "thought_repeats": "this thought: share of its words that it said before",
        "thought_share": "steps so far: share that were thought about before",
        "action_words": "this action: words that it says, each as often as it is said",
        "action_words_change": "the same, less those of the action before",
        "action_lines": "this action: lines that it says",
        "text_overlap": "this answer: share that repeats the one before in one piece (AgentStop)",
        "tokens": "this step: tokens generated",
        "tokens_run": "all steps: tokens generated",
        "tokens_mean": "tokens generated a step",
        "tokens_read": "this step: prompt tokens",
        "tokens_read_run": "all steps: prompt tokens",
        "view_lines": "lines seen now",
        "view_chars": "characters seen now",
        "view_blank": "whether no word is seen now",
        "fields_empty": "fields seen now that hold nothing",
        "marks": "elements seen now that are switched on",
    },
    "place": {
        "step": "steps before this one",
        "steps_left": "steps that the budget leaves",
        "budget_used": "of the ceiling that is nearest: share that was used",
    },
    "machine": {
        "seconds": "this step: seconds of the policy",
        "seconds_run": "all steps: seconds",
        "seconds_mean": "seconds a step",
        "joules": "this step: joules of the policy",
        "joules_run": "all steps: joules",
        "joules_mean": "joules a step",
    },
}

FEATURES: Mapping[str, Feature] = {
    name: Feature(group, source)
    for group, sources in _GROUPS.items()
    for name, source in sources.items()
}


def in_groups(*groups: Group) -> tuple[str, ...]:
    """The names of the features in `groups`, in the order of the table."""
    return tuple(name for name, feature in FEATURES.items() if feature.group in groups)


def check_features(names: Iterable[str]) -> None:
    """Raise `ConfigError` for a column that is no feature.

    What is known only once a run is over would be learned eagerly, and be missing when it counts.
    """
    strangers = [name for name in names if name not in FEATURES]
    if strangers:
        raise ConfigError(
            f"no feature is called {', '.join(map(repr, strangers))}: only what"
            " flyball.monitors.learned.catalogue declares is known before a step is carried out"
        )
