/* Keys that ssh-keygen made for these tests alone, and keys broken in one way each. */
#pragma once

#define KEY_RSA_1024                                                                               \
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDKx+peEx9HhWTE64kr/B7TPZHcDdmOK+IcB3p/EYQI1WK2"         \
    "5gNqxmGZxdocsdk1SDL1gdXyE+fykhBQ/C/7lvuAMCbphBhRGa9N0uHyL+SlDqk9+YeludKD76A/0IE1HETV"         \
    "KeRHUR+4co4o68IfET28IyVXT5ix651iWCvVmhogvQ=="
#define KEY_RSA_3072                                                                               \
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDA+Hr6a2BZsanBUFCYsQu9volY4b0m7i1K+fXRd5iMcj0j"         \
    "dTSH450dbb5rKF+3bgEzqpAeDoBVTHCSRYf804cmWiXyDKBYsf291Da5woxlY41v3+vk+Mew02+0b+NYQnSs"         \
    "frX3w55MgFNRllh6vtCFB22teFS4giPGGptAvF8aCTQmh3J/tEa/q7ubJ4Bl6PgD/mDm/L3HwxwCRBmmSd4O"         \
    "wUcEJZuVQKNr71FPIJzGkxfTiepRZbNj6NhTI4+PE60TiR7NdBFpceQLSheMpDGx1cqI3DhFILUWwSktbxqQ"         \
    "+t82dclASdtaYLrd8EdBYblPKPXUGYXNEpgPYE4MtbKJrwjpaECHwr0n67iGlxc2jJCmPRNNjWIqgu48guwh"         \
    "SrwaehAZrm2n6U+qu8x4p/i106uiIBIwpuEfhhL4ixsYf9uvSw/ZFr38CQKdtZVNeWjPjsLnKVCo6cs7jwdE"         \
    "WH4xwT1OUC08U99InCp8caUwVNCMeKbVrmvO1QH7DihwSoM="
#define KEY_P256                                                                                   \
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHHNitM0arHN"         \
    "uGXOXHB4GsHfdGYhbtbNsMmlp+2T07G3hEOxHSjdUleLy0anuz/pZbdvJ6y7rUWtuLheQX6eUnc="
#define KEY_P384                                                                                   \
    "ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBNvsOoOcmYvi"         \
    "a8hJsYzUGYU1c29ahvWx0R5uNf6D8lsP+kazsBK3FPHb+7T9zJYXExQYlh+xxahWhyiPzgr8UK9pCc9pNLlv"         \
    "JgltODRbkyZaLo15WmmeYLjelt7PYR5DPw=="
#define KEY_P521                                                                                   \
    "ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAEiTBNLyG+7"         \
    "p2uQ4XzFUKF/5f0x93UZSsO4oBArJlsrQvGFDkWtz02HM77zBxLGqvifUDX1zdcSiwMMJc8IrlfWwQEVF+gf"         \
    "YU29m9Q4tUAl+HFRHnb9OsOsL7p/znzvRYsDbdy8ekHkVWAruMUN9hk9uAHmPo/kxOdiyhOAtFD+NmNGTg=="
#define KEY_ED25519                                                                                \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE+3kD9IFmHj+zI1Ri3cUzWKfYou3L/qKs6opzneZ02E"
#define KEY_DSA                                                                                    \
    "ssh-dss AAAAB3NzaC1kc3MAAACBALUOHvJwOo9x2BHKyt2fDaiwvsSZG0LgL8Tlr4caVnXod1MjduOBZqlG"         \
    "aKE+9oKE33X006MyDPQc8hT2TE+yCpUg8ywJ5IBvxS461dvfa9z+ecOp52dMoWgg45LPBbS/m2LnCf74dAOq"         \
    "VS1r3Al+djwGmFwWCMkxlQj3Un/350NzAAAAFQCuM7bFjoSdrGYFAkb2dDs6z2u2hQAAAIEAh66qmd2/nF3Z"         \
    "aLyVYyXgaKGUdTl6hW0LoEK7HvcbGQLh4rgf6/K1O53OEODyMndLA5aqWrTI7FbPQ7s0+nOhH08yOAt+16eH"         \
    "tIcBzahYO0mWVdqn3zBLuf7TB0LXdTWRbUokngedLe/MaBMCmjSpHR5QrjAuuyPO8NtU3tJ0PGAAAACBAKak"         \
    "Ydimr6Rbym4bJeFij+9BCiGEpQwqsUcfbrUK6j64R8KX+2Jf5+/cOz/KMkQ7ZVI41ceKhdqWZuQL3GTOKtOR"         \
    "WtVldd5hdpfYQ1XJHS6xB1QLCmMagK9nH35Hs5z9IatlQ0gA46keKkhdhEjv1RXDjEadBNLDtkTXHC8A7GWN"
#define KEY_SK_ED25519                                                                             \
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIE+3kD9IFmHj+"         \
    "zI1Ri3cUzWKfYou3L/qKs6opzneZ02EAAAABHNzaDo="
#define KEY_SK_P256                                                                                \
    "sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNzaC5jb"         \
    "20AAAAIbmlzdHAyNTYAAABBBHHNitM0arHNuGXOXHB4GsHfdGYhbtbNsMmlp+2T07G3hEOxHSjdUleLy0anu"         \
    "z/pZbdvJ6y7rUWtuLheQX6eUncAAAAEc3NoOg=="

#define BAD_WRONG_INNER                                                                            \
    "ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAAAgQDKx+peEx9HhWTE64kr/B7TPZHcDdmOK+IcB3p/EYQI"         \
    "1WK25gNqxmGZxdocsdk1SDL1gdXyE+fykhBQ/C/7lvuAMCbphBhRGa9N0uHyL+SlDqk9+YeludKD76A/0IE1"         \
    "HETVKeRHUR+4co4o68IfET28IyVXT5ix651iWCvVmhogvQ=="
#define BAD_ED_31 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAH0+3kD9IFmHj+zI1Ri3cUzWKfYou3L/qKs6opzneZ00="
#define BAD_ED_33                                                                                  \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIU+3kD9IFmHj+zI1Ri3cUzWKfYou3L/qKs6opzneZ02EeA=="
#define BAD_ED_TAIL                                                                                \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE+3kD9IFmHj+zI1Ri3cUzWKfYou3L/qKs6opzneZ02EeHk="
#define BAD_ED_LONG_LENGTH                                                                         \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5/////0+3kD9IFmHj+zI1Ri3cUzWKfYou3L/qKs6opzneZ02E"
#define BAD_P256_CURVE                                                                             \
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAzODQAAABBBHHNitM0arHN"         \
    "uGXOXHB4GsHfdGYhbtbNsMmlp+2T07G3hEOxHSjdUleLy0anuz/pZbdvJ6y7rUWtuLheQX6eUnc="
#define BAD_P256_COMPRESSED                                                                        \
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAAhAnHNitM0arHN"         \
    "uGXOXHB4GsHfdGYhbtbNsMmlp+2T07G3"
#define BAD_P256_BAD_FORM                                                                          \
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBXHNitM0arHN"         \
    "uGXOXHB4GsHfdGYhbtbNsMmlp+2T07G3hEOxHSjdUleLy0anuz/pZbdvJ6y7rUWtuLheQX6eUnc="
#define BAD_RSA_512                                                                                \
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQD/////////////////////////////////////////////"         \
    "////////////////////////////////////////"
#define BAD_RSA_1023                                                                               \
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgH//////////////////////////////////////////////"         \
    "////////////////////////////////////////////////////////////////////////////////////"         \
    "////////////////////////////////////////"
#define BAD_RSA_NEGATIVE                                                                           \
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgMrH6l4TH0eFZMTriSv8HtM9kdwN2Y4r4hwHen8RhAjVYrbm"         \
    "A2rGYZnF2hyx2TVIMvWB1fIT5/KSEFD8L/uW+4AwJumEGFEZr03S4fIv5KUOqT35h6W50oPvoD/QgTUcRNUp"         \
    "5EdRH7hyjijrwh8RPbwjJVdPmLHrnWJYK9WaGiC9"
#define BAD_RSA_PADDED                                                                             \
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAggAAysfqXhMfR4VkxOuJK/we0z2R3A3ZjiviHAd6fxGECNVi"         \
    "tuYDasZhmcXaHLHZNUgy9YHV8hPn8pIQUPwv+5b7gDAm6YQYURmvTdLh8i/kpQ6pPfmHpbnSg++gP9CBNRxE"         \
    "1SnkR1EfuHKOKOvCHxE9vCMlV0+YseudYlgr1ZoaIL0="
#define BAD_RSA_ZERO "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQA="
#define BAD_RSA_EVEN_EXPONENT                                                                      \
    "ssh-rsa AAAAB3NzaC1yc2EAAAACAQAAAACBAMrH6l4TH0eFZMTriSv8HtM9kdwN2Y4r4hwHen8RhAjVYrbm"         \
    "A2rGYZnF2hyx2TVIMvWB1fIT5/KSEFD8L/uW+4AwJumEGFEZr03S4fIv5KUOqT35h6W50oPvoD/QgTUcRNUp"         \
    "5EdRH7hyjijrwh8RPbwjJVdPmLHrnWJYK9WaGiC9"
#define BAD_RSA_EXPONENT_ONE                                                                       \
    "ssh-rsa AAAAB3NzaC1yc2EAAAABAQAAAIEAysfqXhMfR4VkxOuJK/we0z2R3A3ZjiviHAd6fxGECNVituYD"         \
    "asZhmcXaHLHZNUgy9YHV8hPn8pIQUPwv+5b7gDAm6YQYURmvTdLh8i/kpQ6pPfmHpbnSg++gP9CBNRxE1Snk"         \
    "R1EfuHKOKOvCHxE9vCMlV0+YseudYlgr1ZoaIL0="
#define BAD_RSA_NO_MODULUS "ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB"
#define BAD_SK_NO_APPLICATION                                                                      \
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIE+3kD9IFmHj+"         \
    "zI1Ri3cUzWKfYou3L/qKs6opzneZ02E"
#define BAD_SK_EMPTY_APPLICATION                                                                   \
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIE+3kD9IFmHj+"         \
    "zI1Ri3cUzWKfYou3L/qKs6opzneZ02EAAAAAA=="
#define BAD_SK_EVIL_APPLICATION                                                                    \
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIE+3kD9IFmHj+"         \
    "zI1Ri3cUzWKfYou3L/qKs6opzneZ02EAAAABXNzaDoK"
