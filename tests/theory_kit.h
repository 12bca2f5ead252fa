/* theory_kit.h - the parameters that theory gives a method, for constants that a test chooses. */
#ifndef THEORY_KIT_H
#define THEORY_KIT_H
#include "lab.h"

/* Parameter `name` of a method when these are set, "key=value key=value", and theory fills in the others. */
static inline double theory_given(const char *method, const char *words, const struct theory *t, const char *name)
{
    const struct method *m = NULL;
    for (size_t k = 0; methods[k]; k++)
        if (strcmp(methods[k]->name, method) == 0) m = methods[k];
    assert_non_null(m);
    struct settings s = settings_new(m->param, m->param_size);
    struct fail f = {0};
    char copy[128], *rest = copy;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        *value++ = '\0';
        if (!settings_set(&s, word, value, &f)) fail_msg("%s", f.text);
    }
    m->theory(s.data, t);
    const double out = settings_real(&s, state_place(s.table, name));
    settings_free(&s);
    return out;
}

/* The same; rule: NULL, or the value of its parameter `rule`. */
static inline double theory_gives(const char *method, const char *rule, const struct theory *t, const char *name)
{
    char words[64] = "";
    if (rule) snprintf(words, sizeof words, "rule=%s", rule);
    return theory_given(method, words, t, name);
}
#endif
