# sim/measure.c: the sum of the gradients begins with a client that the number of threads chooses
/^static void add_row/,/^}/s/add_to_total(r, vec_at(r->cache, r->d, (size_t)i))/add_to_total(r, vec_at(r->cache, r->d, (size_t)((i + r->threads - 1) % r->n)))/
