"""Deployments of templates: the language, the plan it makes, and running the plan through the control plane's own table.

`expressions` and `functions` are the language, pure; `planning` and `ordering` say what is deployed and in which order, pure; `running`
does it with the caller's rights, one ordinary PUT a resource. Must not know any provider's rules.
"""
