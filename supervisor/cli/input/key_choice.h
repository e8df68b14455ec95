/* The SSH key of whoever runs this, for guests to accept. */
#pragma once

/* The first of ~/.ssh/id_ed25519.pub, id_ecdsa.pub and id_rsa.pub that is there; NULL: none. Caller
 * frees. */
char *key_choice_find(void);
