/* Words that other tools have for what pgsup calls otherwise, or does not do: limactl, multipass,
 * virsh, incus, docker, vagrant. Pure. A word that is a command is never looked for here. */
#pragma once

/* group: path of the group that the word follows, "" at the top. What to do instead, in one clause:
 * "`pgsup rm NAME` removes an instance"; NULL: the word is not known. */
const char *peer_words_answer(const char *group, const char *word);
