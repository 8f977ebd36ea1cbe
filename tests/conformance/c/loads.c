// What uses up time and memory.
#include <orbital.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 << 10, PIECES = (64 << 20) / PIECE, ROUNDS = 20 };

ORBITAL_CASE(loops, .manual = true, .timeout = "300ms") {
    for (volatile unsigned number = 0;; number++) {
    }
}

ORBITAL_CASE(churns, .manual = true, .timeout = "5s") {
    static char *volatile latest;
    for (int round = 1; round <= ROUNDS; round++) {
        for (int piece = 0; piece <= PIECES / ROUNDS; piece++) {
            latest = malloc(PIECE);
            memset(latest, 1, PIECE);
            free(latest);
        }
        orbital_info("round %d", round);
    }
}
