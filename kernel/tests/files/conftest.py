"""A plugin whose folders carry files."""

from typing import Annotated

import msgspec
import pytest

from psa_kernel.testing.plugins import module, table
from psa_sdk import Manifest, Resource, ToMany
from psa_sdk.tables import Text

Folder = table("folders", "folder", title=Text())


class FolderShape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A folder's attributes."""

    title: Annotated[str, msgspec.Meta(max_length=50)]


FOLDERS = Resource(
    name="folders",
    table=Folder,
    read=FolderShape,
    write=FolderShape,
    relations=(ToMany("attachments", "attachments"),),
)
MIGRATION = """
CREATE TABLE folders.folder (
    id uuid NOT NULL DEFAULT psa.new_id(), tenant_id uuid NOT NULL DEFAULT psa.current_tenant(),
    created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1, title text NOT NULL, PRIMARY KEY (tenant_id, id));
"""


def folders_plugin(directory):
    """Return the plugin, with its migration on disk."""
    plugin = module(Manifest(name="folders", title="Folders", tables=(Folder,), resources=(FOLDERS,)))
    migrations = directory / "folders" / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "0001_folder.sql").write_text(MIGRATION)
    plugin.__file__ = str(directory / "folders" / "plugin.py")
    return plugin


@pytest.fixture
def folders(tmp_path):
    """The plugin, for a kernel of one test."""
    return folders_plugin(tmp_path)


@pytest.fixture(scope="module")
def shared_folders(tmp_path_factory):
    """The plugin, for the kernels that a file's tests share."""
    return folders_plugin(tmp_path_factory.mktemp("folders"))


@pytest.fixture(params=[True, False], ids=["multi", "single"])
def multi_tenant(request):
    return request.param


@pytest.fixture
async def client(shared, shared_folders, multi_tenant):
    """The administrator; tests share the tenant, and each has a folder of its own."""
    return await shared([shared_folders], multi_tenant=multi_tenant)


@pytest.fixture
def kernel(client):
    return client.kernel


@pytest.fixture
async def folder(client):
    """The path of a folder."""
    answer = await client.post("/folders", {"title": "Contracts"}, type="folders")
    assert answer.status_code == 201, answer.text
    return f"/folders/{answer.json()['data']['id']}"


@pytest.fixture
def upload(client, folder):
    """Uploads content under a name and returns the answer."""

    async def send(content, name="note.txt", path=folder, headers=None, **fields):
        return await client.http.post(
            f"/api/v1{path}/attachments",
            files={"file": (name, content, "application/octet-stream")},
            data=fields,
            headers={"Accept": "application/vnd.api+json", **(headers or {})},
        )

    return send
