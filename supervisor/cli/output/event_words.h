/* The text of an event of the kind "state" for people: the lifecycle's "booting --ready--> ready"
 * is "ready, was booting: the guest is ready". Pure. */
#pragma once

char *event_words_of(const char *text); /* of another form: a copy; caller frees */
