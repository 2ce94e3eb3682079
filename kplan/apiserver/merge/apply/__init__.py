"""Server-side apply: who manages which field of an object, and what becomes of it when another set is applied.

``fields`` sets of fields · ``shape`` what a value may hold · ``checking``, ``reading``, ``comparing``, ``merging``,
``removing`` walks over values · ``updating`` ownership · ``entries`` managedFields as they are stored · ``tracking`` what is
done for a request · ``conflicts`` the words of a refusal · ``upgrade`` from client-side apply.

Mirrors: sigs.k8s.io/structured-merge-diff/v6, staging/src/k8s.io/apimachinery/pkg/util/managedfields (1.36)
"""
