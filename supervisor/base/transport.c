#include "transport.h"

static const char *const words[] = {[TRANSPORT_TCP] = "tcp", [TRANSPORT_UDP] = "udp"};
const struct word_set transport_words = WORD_SET(words);

const char *transport_word(enum transport transport) {
    return words[transport];
}
