"""The Common Expression Language as the API server speaks it.

Parsing and macro expansion are the C++ implementation's (``cel-expr-python``): it has the grammar of cel-go and so its
syntax errors.  What it lacks is here: types from OpenAPI schemas, cel-go's type checker with its texts, estimates and
limits of cost, Kubernetes' function libraries, and evaluation over plain JSON values.

    compile_expression(text, environment) -> Program | CompilationError
    program.evaluate(bindings)            -> value (raises EvaluationError)

Mirrors: staging/src/k8s.io/apiserver/pkg/cel, github.com/google/cel-go (0.26)
"""
