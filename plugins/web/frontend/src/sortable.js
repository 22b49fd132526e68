// "@psa/sortable"
export {default} from 'sortablejs';
