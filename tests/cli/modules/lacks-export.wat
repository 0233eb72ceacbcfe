;; world: provider
(module)
