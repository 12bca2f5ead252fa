# sim/measure.c: runs side by side leave out a coordinate of the squared norms
/^static void evaluate_lanes/,/^}/s/real_norm_sq((size_t)o->d, vec_at(run\[l\]->cache, o->d, (size_t)i))/real_norm_sq((size_t)o->d - 1, vec_at(run[l]->cache, o->d, (size_t)i))/
