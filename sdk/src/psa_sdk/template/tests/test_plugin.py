"""{{title}}: what it declares."""

from psa_{{name}} import plugin


def test_everything_is_named_after_the_plugin():
    manifest = plugin.psa_manifest()
    assert manifest.name == "{{name}}"
    assert [resource.name for resource in manifest.resources] == ["{{kebab}}-entries"]
    assert all(event.name.startswith("{{name}}.") for event in manifest.events)
