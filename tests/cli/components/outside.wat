;; Uses the resource type of things with a function that nobody has.
(component
  (import "thing" (type $thing (sub resource)))
  (import "take" (func (param "thing" (own $thing)))))
